/*
 * What the control server asks of the rest of the daemon: everything that needs an interpreter.
 *
 * The server knows no Lua. The daemon fills in this table when there is a runtime; a hook that is
 * NULL makes the methods that need it fail with ENOSYS. All calls come from the loop's thread, and
 * no hook may wait.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rpc_call;
struct sock;

/* Filled in by a hook that fails with more to say than its errno: one line or several, cut to
 * fit. The first line goes into the answer's error, the rest only into its message. */
struct rpc_reason {
    char text[1024];
    bool refused; /* by sockd's own rules */
};

/* What is to serve the connections of a listener. Nothing is terminated, and nothing outlives the
 * call. */
struct rpc_handler {
    const char *text; /* `source`: a chunk of Lua; otherwise the name of a function that a loaded
                         script defined, "echo" or "http.serve": dots descend into tables */
    size_t text_size;
    const char *name; /* of the server, for its fibers' names; NULL: "server" */
    size_t name_size;
    bool source;
    uid_t owner; /* of the listener, hence of the connections that it makes */
};

/* What is run for a client. */
enum rpc_run_kind {
    RPC_RUN_EVAL,   /* `text` is a chunk of Lua; only administrators get here */
    RPC_RUN_CALL,   /* `text` names a function that a loaded script defined */
    RPC_RUN_LOAD,   /* `text` is the path of scripts to load; for administrators, as the next */
    RPC_RUN_RELOAD, /* all scripts anew */
};

/* All of it is only lent for the call of the hook. */
struct rpc_run {
    enum rpc_run_kind kind;
    const char *text;
    size_t text_size;
    const void *arguments; /* of the first two: one MessagePack array, what the function gets */
    size_t arguments_size;
    uid_t owner; /* for whom it works */
};

struct rpc_runtime_stats {
    size_t fibers; /* that live */
    size_t memory; /* bytes that Lua holds */
    uint64_t generation;
    size_t handlers; /* how many each_handler will tell of */
};

/* What one handler, by the name in lists, has served. */
struct rpc_handler_stats {
    const char *name;
    size_t connections; /* now */
    uint64_t ever;
    uint64_t failed; /* of them with an error */
};

struct rpc_hooks {
    /*
     * Lets a handler serve a listener from now on, until the listener closes. The callee takes a
     * reference of its own (server_start does). A chunk of source is run once with the listener's
     * environment: it must return a function, or a table with one as `handler`, or it is itself
     * the body, called with the connection and its address as `...`.
     *
     * -ENOENT: no such name; -EINVAL: the source does not compile; -EPERM: the name is not one of
     * a loaded script's. On failure the caller closes the listener.
     */
    int (*serve)(void *context, struct sock *listener, const struct rpc_handler *handler,
                 struct rpc_reason *reason);

    /* How a list shows what serves this listener; NULL if nothing does. Valid until the next
     * event. */
    const char *(*handler_name)(void *context, const struct sock *listener);

    /*
     * Starts a run, on behalf of the call. After 0 exactly one of rpc_call_return and
     * rpc_call_fail follows, possibly from within, unless run_cancel comes first; `*running` is
     * whatever run_cancel will want to know. After an error neither follows.
     *
     * -EINVAL: the text does not compile, or the name is no function's; -ENOENT: no such name;
     * -EPERM: the name is not one of a loaded script's; -EDQUOT: the owner has as many fibers as it
     * may; -EALREADY: scripts are being loaded; -EEXIST: these are loaded; -ENOMEM.
     */
    int (*run)(void *context, struct rpc_call *call, const struct rpc_run *run, void **running,
               struct rpc_reason *reason);

    /* For sockd.stats. Both or neither. */
    void (*stats)(void *context, struct rpc_runtime_stats *out);
    void (*each_handler)(void *context,
                         void (*tell)(void *to, const struct rpc_handler_stats *stats), void *to);

    /* Nobody waits for the outcome any more: the client cancelled, its deadline passed, or it is
     * gone. The call is void from here on; the fiber is cancelled and its outcome thrown away. */
    void (*run_cancel)(void *context, void *running);
};

/*
 * The outcome of a run; the call is void afterwards. `value` is exactly one MessagePack value in
 * the protocol's limits (several results: an array; none: nil; a socket: its id); otherwise the
 * client gets -EMSGSIZE or -EBADMSG.
 */
void rpc_call_return(struct rpc_call *call, const void *value, size_t size);

/* `error`: negative, util/error.h; `text` may be NULL for the errno's own sentence. */
void rpc_call_fail(struct rpc_call *call, int error, const char *text, size_t size);
