/*
 * What the modules share: the machine they are opened in, the sockets they work on, and how they
 * are to behave. One for each runtime.
 */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct binding;
struct net;
struct quota;
struct sink;
struct vm;

struct binding_config {
    struct net *net;
    size_t memory; /* as in struct vm_config */
    double cpu;
    double grace;
    bool jit;
    size_t pattern_steps;      /* that one match of a pattern may take. 0: 10 million */
    bool ffi;                  /* in a service: scripts may use ffi and C modules */
    bool nonblock;             /* new sockets start non-blocking */
    bool service;              /* many scripts share a daemon: what would end or seize it throws */
    bool (*inherited)(int fd); /* whether a descriptor was passed in at the start for scripts to
                                  use; NULL: none was. Only in a service is it asked */
    struct quota *accounts;    /* charged for fibers that serve connections; NULL: nobody is */
};

/* A machine with all modules. -ENOMEM, -EINVAL (logged). */
int binding_new(struct binding **out, const struct binding_config *config);

/* Ends the machine and all its accept loops. NULL is allowed. */
void binding_free(struct binding *binding);

struct vm *binding_vm(const struct binding *binding);
struct net *binding_net(const struct binding *binding);
struct sink *binding_sink(const struct binding *binding);

/* Writes what scripts have printed, waiting for the reader until the deadline; see sink_flush. */
int binding_flush(struct binding *binding, uint64_t deadline);

/* The binding of any state of its machine. */
struct binding *binding_of(lua_State *L);

/* Fibers that are not dead, and accept loops. */
size_t binding_busy(const struct binding *binding);

/* `idle` is called from the loop whenever binding_busy has become 0. */
void binding_set_idle(struct binding *binding, void (*idle)(void *context), void *context);
