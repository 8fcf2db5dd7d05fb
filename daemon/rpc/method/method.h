/*
 * The functions of the methods, one for each row of the table, and what they share.
 *
 * A function gets the checked arguments, which lie in the message, and returns what call_proceed
 * takes.
 */
#pragma once

#include "net/address.h"
#include "protocol/args.h"
#include "rpc/call.h"
#include "rpc/server.h"

struct sock;

#define METHOD(id, ...) method_fn method_##id;
#include "protocol/methods.tbl"
#undef METHOD

/* All of them, by the row. */
extern method_fn *const method_table[METHOD_COUNT];

/* The open socket that a handle means, by number, name, or "uid:name", if the caller may use it.
 * -EBADF, or -EPERM. Borrowed. */
int method_sock(struct rpc_call *call, const struct arg *arg, struct sock **out);

/* The same for a method that moves bytes, whose failure on a listener is explained. */
int method_data_sock(struct rpc_call *call, const struct arg *arg, struct sock **out);

/* Gives the failure of a call that moves bytes its sentence, if the socket is a listener. */
void method_explain_listener(struct rpc_call *call, const struct sock *sock);

/* Whether the caller may use the socket: it is the caller's, or shared with its group, or the
 * caller administrates. */
bool method_may_use(const struct rpc_call *call, const struct sock *sock);

/* Whose connection the call came by, for a handle that is tied to it; NULL: it is gone. */
struct list *method_connection(const struct rpc_call *call);

/* The words for a failure of handles_add and handles_set. Returns `error`. */
int method_explain_handle(struct rpc_call *call, int error);

/* A host and a port as terminated strings; NULL where nothing (or 0 for the host) was given. */
struct place {
    const char *host, *port;
    char host_text[512], port_text[128];
};
int method_place(struct rpc_call *call, const struct arg *host, const struct arg *port,
                 struct place *out);

/* -EINVAL with that sentence (net/target.h), if there is one. */
int method_check_fault(struct rpc_call *call, const char *fault);

/* An address for this socket, without asking anybody. */
int method_address(struct rpc_call *call, const struct sock *sock, const struct place *place,
                   struct address *out);

/* The socket and the address of a call whose first three arguments are h, host and port. */
int method_sock_and_address(struct rpc_call *call, const struct args *args, struct sock **sock,
                            struct address *address);

/* 0, or -EPERM with the sentence: the address is one that the daemon does not connect to. */
int method_may_reach(struct rpc_call *call, const struct address *to);

/* Takes a new socket in and makes it the answer. The reference is consumed; on failure the socket
 * is closed, or if it was accepted goes back to the listener. */
int method_announce(struct rpc_call *call, struct sock *sock, struct sock *listener);

/* Starts an operation that may have to look up a name, for which the caller pays. `complete` begins
 * with method_looked_up: its status, with the words for a quota that is used up. */
int method_start_lookup(struct rpc_call *call, double timeout, call_fn *complete);
int method_looked_up(struct rpc_call *call);

/* Completions: of an operation that has no result but its status, of one that writes, of one that
 * reads. */
int method_complete(struct rpc_call *call);
int method_written(struct rpc_call *call);
int method_was_read(struct rpc_call *call);

/* Makes what was written the call's answer, and the call its owner; the writer, one of
 * writer_init_heap, ends. For ANY and VALUE. The writer's error. */
int method_keep(struct rpc_call *call, struct writer *writer);

/* A constant, or flags, that are none of those that the method takes. */
int method_bad_symbol(struct rpc_call *call, int error, const char *argument, const char *expected);
int method_bad_flags(struct rpc_call *call);
