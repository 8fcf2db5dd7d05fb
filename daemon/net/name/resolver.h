/*
 * Look-ups of names by getaddrinfo(3) and of addresses by getnameinfo(3), which may take as long as
 * they like, in a small pool of threads. All of it is used from the loop's thread only.
 */
#pragma once

#include <netdb.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct loop;
struct lookup;
struct quota_user;
struct resolver;

/* `result`: 0 or a negative error (util/error.h); the callee owns the list. From the loop. */
typedef void lookup_fn(void *context, int result, struct addrinfo *list);

/* Threads are started as look-ups come, `threads` at most. -ENOMEM, or eventfd(2)'s errors. */
int resolver_new(struct resolver **out, struct loop *loop, unsigned threads);

/* Forgets what is under way: a thread in a look-up that hangs ends when that does. NULL is fine. */
void resolver_free(struct resolver *resolver);

/* Look-ups queued or running. */
size_t resolver_busy(const struct resolver *resolver);

/* Whom a look-up is for: a user's number, or this one. Askers are served in turn. */
#define LOOKUP_NOBODY UINT64_MAX

/* Begins a look-up. `host` or `service` may be NULL; all is copied. -ENOMEM, -EAGAIN: no thread. */
int lookup_start(struct resolver *resolver, uint64_t asker, const char *host, const char *service,
                 const struct addrinfo *hints, lookup_fn *fn, void *context, struct lookup **out);

/* Begins a look-up the other way round: what the address and its port are called. `flags`: NI_*.
 * The callback, whose list is NULL, learns it from lookup_names. */
int lookup_start_reverse(struct resolver *resolver, const struct sockaddr *address,
                         socklen_t length, int flags, lookup_fn *fn, void *context,
                         struct lookup **out);

/* Begins a look-up of an entry: what else a host, or an IPv4 address in numbers, is called, and its
 * IPv4 addresses. lookup_names tells both, with a space between any two. */
int lookup_start_entry(struct resolver *resolver, const char *host, lookup_fn *fn, void *context,
                       struct lookup **out);

/* Whose account has been charged for it (QUOTA_LOOKUPS), to be given back at its end. One that is
 * cancelled may hold its thread for longer, and is paid for until then. */
void lookup_set_payer(struct lookup *lookup, struct quota_user *payer);

/* Gives all charges back now. */
void resolver_forget_payers(struct resolver *resolver);

/* Only from the callback of a look-up of names that succeeded. */
void lookup_names(const struct lookup *lookup, const char **host, const char **service);

/* The callback will not come. A look-up whose callback came must not be cancelled. */
void lookup_cancel(struct lookup *lookup);
