/*
 * What is known about sockets beside what the net knows: the names that they were given, who may
 * use them, when they end by themselves, and to whose account they go. A socket that a client made
 * is in here from its beginning, one that a script made from when something is said of it. The
 * numbers themselves are the net's.
 */
#pragma once

#include "loop/loop.h"
#include "protocol/args.h"
#include "util/hash.h"
#include "util/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct quota;
struct sock;

struct handles {
    struct hash by_id;
    struct hash by_name; /* and owner */
    struct quota *quota;
    struct loop *loop;
    struct list leaving; /* whose connection has ended, and that are still to be closed */
    struct loop_task leave;
};

void handles_init(struct handles *handles, struct quota *quota, struct loop *loop);

/* Forgets all; the sockets stay open, but for those that are being closed. */
void handles_deinit(struct handles *handles);

/*
 * Takes in a socket that a client made, until it closes, and charges its owner. `connection`: of
 * those tied to it; NULL: it has ended. -EEXIST: the owner has a socket of that name; -EDQUOT: as
 * many as it may have; -ECANCELED: it was to be tied to a connection that has ended; -ENOMEM.
 */
int handles_add(struct handles *handles, struct sock *sock, const struct arg_settings *settings,
                struct list *connection);

/* Changes what is given of the settings, of any open socket. -EEXIST, -ENOMEM: nothing is changed,
 * but for a time to live. */
int handles_set(struct handles *handles, struct sock *sock, const struct arg_settings *settings,
                struct list *connection);

/* Closes the sockets that are tied to a connection: some at once, others in the next rounds of the
 * loop if they are many. */
void handles_close_tied(struct handles *handles, struct list *connection);

/* A socket that was lent is back: closes it if it should have ended meanwhile. */
void handles_restored(struct handles *handles, uint64_t id);

/* Gives the charge and the name back while the socket stays open. Unknown numbers are fine. */
void handles_forget(struct handles *handles, uint64_t id);

/* The number of an owner's socket of that name, or 0. */
uint64_t handles_find(const struct handles *handles, uid_t owner, const char *name,
                      size_t name_size);

/* The settings of a socket, those of one that nothing was said of included. */
struct arg_settings handles_settings(const struct handles *handles, uint64_t id);

bool handles_is_shared(const struct handles *handles, uint64_t id);
