/*
 * The sockets that clients made: charged to their owner until they close, and known by name, if
 * they were given one. The numbers themselves are the net's; sockets that nobody named and no
 * client made are not in here.
 */
#pragma once

#include "rpc/hash.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct quota;
struct sock;

struct handles {
    struct hash by_id;
    struct hash by_name; /* and owner */
    struct quota *quota;
};

void handles_init(struct handles *handles, struct quota *quota);

/* Forgets all; the sockets stay open. */
void handles_deinit(struct handles *handles);

/*
 * Takes a new socket in, until it closes; `name` may be NULL. -EEXIST: its owner has a socket of
 * that name; -EDQUOT: as many as it may have; -ENOMEM.
 */
int handles_add(struct handles *handles, struct sock *sock, const char *name, size_t name_size);

/* Gives the charge and the name back while the socket stays open. Unknown numbers are fine. */
void handles_forget(struct handles *handles, uint64_t id);

/* The number of an owner's socket of that name, or 0. */
uint64_t handles_find(const struct handles *handles, uid_t owner, const char *name,
                      size_t name_size);

/* The name of a socket, or NULL. */
const char *handles_name(const struct handles *handles, uint64_t id);
