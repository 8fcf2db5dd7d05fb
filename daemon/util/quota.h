/*
 * What each user holds of the daemon, and how much that may be.
 *
 * An account exists while its uid holds anything; every charge is given back with the same amount.
 * Root may go beyond each limit by a reserve, so that an administrator always gets in and can
 * always look.
 */
#pragma once

#include "util/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct quota;
struct quota_user;

enum quota_kind {
    QUOTA_CLIENTS,  /* connections to the control socket */
    QUOTA_SOCKETS,  /* sockets made through it and still open */
    QUOTA_REQUESTS, /* in flight */
    QUOTA_BYTES,    /* held for clients: unfinished messages, waiting writes, unread answers */
    QUOTA_FIBERS,   /* of Lua that serve a connection of the user's, or a call */
    QUOTA_LOOKUPS,  /* of names for clients, until their threads are done with them */
    QUOTA_KINDS,
};

/* Root's limits are a quarter and this much higher. */
#define QUOTA_ROOT_RESERVE 16

/* 0: the default. */
struct quota_limits {
    size_t most[QUOTA_KINDS];
};

/* -ENOMEM. */
int quota_new(struct quota **out, const struct quota_limits *limits);

/* Every charge must have been given back. */
void quota_free(struct quota *quota);

/* The account of a uid, made if there is none; NULL: no memory. One reference for the caller. */
struct quota_user *quota_user_get(struct quota *quota, uid_t uid);
struct quota_user *quota_user_ref(struct quota_user *user);

/* NULL is allowed. */
void quota_user_put(struct quota_user *user);
uid_t quota_user_uid(const struct quota_user *user);

/* The user administrates: that holds as long as the account exists. */
void quota_user_trust(struct quota_user *user);

/* Whether that user is root, whom the daemon runs as, or was said to administrate. */
bool quota_trusts(const struct quota *quota, uid_t uid);

/* -EDQUOT, and nothing is charged. */
int quota_charge(struct quota_user *user, enum quota_kind kind, size_t amount);

/* Charges beyond the limit too: for what is there already. */
void quota_force(struct quota_user *user, enum quota_kind kind, size_t amount);
void quota_release(struct quota_user *user, enum quota_kind kind, size_t amount);

/* Lives inside its user, `link` initialized. */
struct quota_waiter {
    struct list link;
    void (*fn)(struct quota_waiter *waiter);
};

/* Calls `fn` once when the user has given back some of the kind, from within quota_release;
 * unlinking the waiter takes it back. */
void quota_wait(struct quota_user *user, enum quota_kind kind, struct quota_waiter *waiter);

/* How much more the user may have. */
size_t quota_left(const struct quota_user *user, enum quota_kind kind);
size_t quota_used(const struct quota_user *user, enum quota_kind kind);

size_t quota_limit(const struct quota_user *user, enum quota_kind kind);

/* Of all users together. */
size_t quota_total(const struct quota *quota, enum quota_kind kind);

/* "clients", "sockets", … */
const char *quota_kind_name(enum quota_kind kind);
