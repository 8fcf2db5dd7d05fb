/*
 * The Lua machine: one LuaJIT state with a limit on its memory, the JIT compiler off unless asked
 * for, and the fibers (fiber/fiber.h) that run in it on a loop.
 *
 * Lua code runs in fibers only. C code that touches the machine outside of one goes through
 * vm_protect, since any call that makes a value may run out of memory.
 */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct vm;

struct vm_config {
    size_t memory; /* bytes that Lua may hold. 0: 512 MiB */
    double cpu;    /* seconds that a fiber may run without waiting. 0: 5; INFINITY: any */
    double grace;  /* and within a C function, or after its cancellation. 0: 0.1 */
    bool jit;      /* compile: faster, but a fiber can no longer be preempted or stopped */
    size_t extra;  /* bytes that the user of the machine keeps with every fiber (fiber_extra) */
    void (*release)(void *extra);  /* NULL, or called with them at the end of each fiber */
    void (*ended)(struct vm *vm);  /* NULL, or called after the end of each fiber */
    void (*paused)(struct vm *vm); /* NULL, or called after each run of a fiber, before anyone hears
                                      of it */
    void *context;                 /* of the user of the machine (vm_context) */
};

/* A machine with LuaJIT's standard library. -ENOMEM. */
int vm_new(struct vm **out, struct loop *loop, const struct vm_config *config);

/* Ends every fiber where it stands and runs all finalizers. Not to be called from within a fiber.
 * NULL is allowed. */
void vm_free(struct vm *vm);

/* The machine of any of its states. */
struct vm *vm_of(lua_State *L);
struct loop *vm_loop(const struct vm *vm);
void *vm_context(const struct vm *vm);
bool vm_has_jit(const struct vm *vm);

/* Whether a script's own debug hook takes the place of the one that preempts. */
void vm_set_debugged(struct vm *vm, bool on);

/* Bytes that Lua holds. */
size_t vm_memory(const struct vm *vm);

/* A value of so many bytes is asked for before it is made. */
#define VM_LARGE ((size_t)64 << 10)

/*
 * Throws if there is no memory for a value of `size` bytes. Where there is little, garbage is
 * collected for it. Without having asked, the value may be made beyond the limit; then the running
 * fiber throws at its next instruction, which is too late where the value's bytes are gone
 * elsewhere.
 */
void vm_ask_for(lua_State *L, size_t size);

/* lua_pushlstring, which asks. */
static inline void vm_push_bytes(lua_State *L, const void *data, size_t size)
{
    if (__builtin_expect(size >= VM_LARGE, 0))
        vm_ask_for(L, size);
    lua_pushlstring(L, data, size);
}

/* What a script gets to read when it has taken too much. */
#define VM_NO_MEMORY "not enough memory"

/* Throws it. */
__attribute__((noreturn)) void vm_throw_memory(lua_State *L);

/* Fibers that are not dead. */
size_t vm_fibers(const struct vm *vm);

/*
 * Calls `fn` with `argument` as a light userdata on the machine's main state, protected. 0, and
 * the number of its results in `*results` (NULL: none are wanted), which lie on top of
 * vm_main(vm) for the caller to pop; or -ENOMEM, or -EINVAL after any other error, whose message
 * is logged. Never from within a fiber; `fn` must not wait.
 */
int vm_protect(struct vm *vm, lua_CFunction fn, void *argument, int *results);
lua_State *vm_main(const struct vm *vm);

/* Moves the `count` values on top of `from` to the top of `to`, beyond the limit on memory if its
 * stack has to grow for them. */
void vm_move(struct vm *vm, lua_State *from, lua_State *to, int count);
