/*
 * The notifications as data. See notifications.h and notifications.tbl.
 */
#include "protocol/notifications.h"

/* The words of notifications.tbl. */
#define FIELD(name_, type_, doc_)                      \
    {                                                  \
        .name = #name_, .type = (type_), .doc = (doc_) \
    }
#define FIELDS(...)                                                                        \
    .fields = {__VA_ARGS__}, .count = sizeof((struct notification_field[]){__VA_ARGS__}) / \
                                      sizeof(struct notification_field)

const struct notification notifications[NOTIFICATION_COUNT] = {
#define NOTIFICATION(id, name_, level_, method_, fields_, doc_) \
    [NOTIFICATION_##id] = {                                     \
        .name = (name_),                                        \
        .name_size = sizeof(name_) - 1,                         \
        .level = (level_),                                      \
        .method = (method_),                                    \
        .doc = (doc_),                                          \
        fields_,                                                \
    },
#include "protocol/notifications.tbl"
#undef NOTIFICATION
};
