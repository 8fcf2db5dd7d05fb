/*
 * The inside of a binding, for the files of this folder.
 */
#pragma once

#include "binding/binding.h"
#include "binding/origin.h"
#include "binding/stdio.h"
#include "fiber/fiber.h"
#include "fiber/vm.h"
#include "loop/loop.h"
#include "util/hash.h"
#include "util/list.h"

#include <stdint.h>

/* Of the registry, for cdata.c: types of integers, null, and the function tonumber. */
struct binding_cdata {
    int int64, uint64, null, tonumber;
};

struct binding {
    struct vm *vm;
    struct net *net;
    struct sink *sink;
    struct stdio stdio; /* in a service */
    bool ffi, nonblock, service;
    int64_t pattern_steps; /* that one match may take */
    uintptr_t stack_floor; /* what lies below is too deep */

    /* Of the registry. */
    int handle_meta;  /* metatable of the userdata that holds a socket's reference */
    int socket_meta;  /* metatable of the table around it */
    int address_meta; /* metatable of address tables */
    int fiber_meta;   /* metatable of fiber objects */
    int get_info;     /* debug.getinfo, for server.c */
    int array_meta;   /* metatables of decoded tables */
    int map_meta;
    struct binding_cdata cdata;

    struct list servers; /* accept loops, server.c */
    struct hash serves;  /* the same by the listener's number */
    size_t server_count;

    struct origins origins;
    struct quota *accounts; /* NULL: nobody is charged */
    struct list tallies;    /* of handlers, tally.c */
    struct list listenings; /* listeners of scripts, listening.c */
    struct list brood_ends; /* roots whose fibers are to end, brood.c */
    struct loop_task brood_task;

    bool (*inherited)(int fd); /* as in struct binding_config */
    uint64_t *detached;        /* a bit for each descriptor that a script has let go, adoptable.c */
    size_t detached_words;

    struct loop_task idle_task;
    void (*idle)(void *context);
    void *idle_context;
    struct list print_waiters; /* fibers whose output has to go before they may go on */
};

/* Whether what belongs to this root lives on although its origin is retired or retiring: the fiber
 * of that number lives and is attended. */
bool binding_is_attended(const struct binding *binding, uint64_t root);

void binding_init_idle(struct binding *binding);

/* Asks in a later round of the loop whether all is quiet. */
void binding_check_idle(struct binding *binding);

/* Makes the value on top of the stack, which is popped, what `require(name)` returns. */
void binding_set_module(lua_State *L, const char *name);

/*
 * Each opens its module, or its C half, in the table of internals that lua/ gets. They may throw
 * when memory is short, and leave nothing on the stack.
 */
void socket_open(lua_State *L, struct binding *binding, int internals);
void server_open(lua_State *L, int internals);
void fiber_module_open(lua_State *L, struct binding *binding, int internals);
void log_module_open(lua_State *L, int internals);
void errno_module_open(lua_State *L);
void clock_module_open(lua_State *L, int internals);
void msgpack_open(lua_State *L);
void sockd_module_open(lua_State *L);
void string_module_open(lua_State *L, int internals);
void table_module_open(lua_State *L, int internals);
void luasocket_open(lua_State *L, int internals);
