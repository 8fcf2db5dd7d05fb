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
struct quota;
struct runtime;

struct runtime_config {
    size_t memory;          /* bytes that Lua may hold; 0: the default */
    double cpu;             /* seconds that a fiber may run without waiting; 0: the default */
    double grace;           /* and within a call of C, or once it is cancelled; 0: the default */
    size_t pattern_steps;   /* that one match of a pattern may take; 0: the default */
    bool jit;               /* compile; nothing can be preempted then */
    bool ffi;               /* handler scripts may use ffi and C modules */
    bool nonblock;          /* new sockets start non-blocking */
    double load_timeout;    /* seconds that a reload may take; 0: 30 */
    struct quota *accounts; /* charged for fibers that serve somebody; NULL: nobody is */
    bool service;           /* many scripts share a daemon: no os.exit, and each its own globals */
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

/* The program is about to end: what Lua keeps waiting only for somebody to watch ends by itself. */
void runtime_stopping(struct runtime *runtime);

/* Writes what print has kept because the reader of standard output stalled; waits for it until the
 * deadline. For the end of the program. */
int runtime_flush(struct runtime *runtime, uint64_t deadline);

/* ---- scripts ----
 *
 * Handler scripts come in generations. The first is that of the configured paths; runtime_load adds
 * to the present one; runtime_reload makes the next of everything anew and retires the old one
 * (binding/origin.h). Each of these is a change: it happens as a whole or not at all, and one at a
 * time.
 */

struct runtime_change {
    bool ended;          /* false: it has just begun, and only the next two members count */
    bool reload;         /* it makes a generation */
    uint64_t generation; /* the present one, the new one after success */
    int error;           /* 0: done; -EREMOTEIO: the scripts' own error; -ETIMEDOUT: they took too
                            long; -ECANCELED, -ENOMEM */
    const char *text;    /* of an error, with a traceback; valid during the call */
    char *const *files;  /* that were loaded */
    size_t count;
};

typedef void runtime_changed_fn(void *context, const struct runtime_change *change);

/* Which files and folders runtime_reload loads. The paths are copied. -ENOMEM. */
int runtime_set_scripts(struct runtime *runtime, const char *const *paths, size_t count);

/*
 * Runs a handler script in an environment of its own, or all *.lua of a folder in order of their
 * names, each in one, but for those that are loaded already. It then belongs to what later reloads
 * load. `done` is called once, from the loop, when all have returned or one has failed. After an
 * error it never is: -EEXIST: it is loaded already; -EALREADY: another change is under way;
 * -ENOMEM, and what opendir(3) says.
 */
int runtime_load(struct runtime *runtime, const char *path, runtime_changed_fn *done,
                 void *context);

/*
 * Loads all of it as the next generation. `done` and errors as above. The first generation may take
 * its time, later ones config.load_timeout.
 */
int runtime_reload(struct runtime *runtime, runtime_changed_fn *done, void *context);

/* Undoes the change that is under way, if any; its `done` is called from within. */
void runtime_cancel_change(struct runtime *runtime);

/* Who hears of every change when it begins, and when it has ended, before `done`. */
void runtime_set_watcher(struct runtime *runtime, runtime_changed_fn *watcher, void *context);

/* 0 before the first. */
uint64_t runtime_generation(const struct runtime *runtime);

/*
 * Runs a script as the main program, with the global `arg` as lua(1) has it: `arguments[0]` is the
 * script. `done` once, from the loop, when the script itself has ended: NULL, or its error with a
 * traceback. -ENOMEM.
 */
int runtime_run(struct runtime *runtime, char **arguments, int count,
                void (*done)(void *context, int error, const char *text), void *context);
