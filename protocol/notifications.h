/*
 * The notifications that the daemon sends, as data. The rows stand in notifications.tbl; sockd.api
 * and docs/PROTOCOL.md tell them.
 */
#ifndef PROTOCOL_NOTIFICATIONS_H
#define PROTOCOL_NOTIFICATIONS_H

#include <stddef.h>
#include <stdint.h>

enum notification_id {
#define NOTIFICATION(id, ...) NOTIFICATION_##id,
#include "protocol/notifications.tbl"
#undef NOTIFICATION
    NOTIFICATION_COUNT,
};

/* How many fields a row may have. */
enum { NOTIFICATION_FIELDS = 6 };

struct notification_field {
    const char *name;
    const char *type; /* a word, or a result's name (methods_result_name) */
    const char *doc;
};

struct notification {
    const char *name; /* as on the wire */
    uint8_t name_size;
    uint8_t count; /* fields */
    uint8_t level;
    const char *method; /* which asks for it */
    const char *doc;
    struct notification_field fields[NOTIFICATION_FIELDS];
};

/* By enum notification_id. */
extern const struct notification notifications[NOTIFICATION_COUNT];

#endif
