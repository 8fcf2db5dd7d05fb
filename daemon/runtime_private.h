/*
 * The inside of the runtime, for runtime.c, load.c and handlers.c.
 */
#pragma once

#include "binding/binding.h"
#include "fiber/fiber.h"
#include "fiber/vm.h"
#include "loop/loop.h"
#include "runtime.h"
#include "util/list.h"

struct runtime {
    struct binding *binding;
    struct vm *vm;
    struct loop *loop;
    struct net *net;
    int environments; /* registry: the environments of loaded scripts, in order */
    int eval;         /* registry: the environment of evals and of handlers given as text */
    struct list loads;
};

/* Pushes a new environment over the globals. */
void runtime_push_environment(lua_State *L);

/* Forgets loads that have not ended. */
void load_abandon_all(struct runtime *runtime);
