/*
 * The Lua runtime of the daemon and of `sockd run`: one machine with the modules of
 * daemon/binding, the scripts that were loaded into it, and what they serve.
 *
 * All calls come from the loop's thread and from outside of Lua; none of them waits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct net;
struct runtime;

struct runtime_config {
    size_t memory; /* bytes that Lua may hold; 0: the default */
    double cpu;    /* seconds that a fiber may run without waiting; 0: the default */
    bool jit;      /* compile; nothing can be preempted then */
    bool ffi;      /* handler scripts may use ffi and C modules */
    bool nonblock; /* new sockets start non-blocking */
    bool service;  /* many scripts share a daemon: no os.exit, and each its own globals */
};

/* -ENOMEM, and what the layers below say. */
int runtime_new(struct runtime **out, struct net *net, const struct runtime_config *config);

/* Ends all fibers where they stand, and with them what only they held. Before net_free, and after
 * rpc_free. NULL is allowed. */
void runtime_free(struct runtime *runtime);

/* Fibers that run or wait, and listeners that are served. 0: nothing will ever happen again. */
size_t runtime_busy(const struct runtime *runtime);

/* `idle` is called from the loop whenever runtime_busy has become 0. */
void runtime_set_idle(struct runtime *runtime, void (*idle)(void *context), void *context);

/* Writes what print has kept because the reader of standard output stalled; waits for it until the
 * deadline. For the end of the program. */
void runtime_flush(struct runtime *runtime, uint64_t deadline);

/* ---- scripts ---- */

/* `error`: NULL, or what went wrong, with a traceback; valid during the call. */
typedef void runtime_loaded_fn(void *context, const char *error);

/*
 * Runs a handler script in an environment of its own, or all *.lua of a folder in order of their
 * names, each in one. `done` is called once, from the loop, when all have returned or one has
 * failed. -ENOMEM: and it is never called.
 */
int runtime_load(struct runtime *runtime, const char *path, runtime_loaded_fn *done, void *context);

/*
 * Runs a script as the main program, with the global `arg` as lua(1) has it: `arguments[0]` is the
 * script. `done` as above, when the script itself has ended. -ENOMEM.
 */
int runtime_run(struct runtime *runtime, char **arguments, int count, runtime_loaded_fn *done,
                void *context);
