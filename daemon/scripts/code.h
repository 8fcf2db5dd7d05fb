/*
 * What code a client means: a function that a loaded script defined, by name, or text.
 *
 * Each is to be called in protected mode (vm_protect) and throws when memory is short.
 */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

struct rpc_reason;
struct runtime;

/*
 * Pushes the function that the dotted name ("echo", "http.serve") stands for in the first loaded
 * script that defines it; only what its tables themselves hold counts. With `unwrap` a table with
 * a `handler` stands for that. Otherwise nothing useful is pushed and the reason is filled in:
 * -EINVAL for what is no function, -EPERM for what only the globals know, -ENOENT for what nobody
 * does.
 */
int code_push_function(lua_State *L, const struct runtime *runtime, const char *name, size_t size,
                       bool unwrap, struct rpc_reason *reason);

/* Compiles text as an expression (or a list of them) or as a chunk, in the environment of evals;
 * says which. -EINVAL, and the message is pushed, if it is neither; -ENOMEM likewise. */
int code_compile(lua_State *L, const struct runtime *runtime, const char *text, size_t size,
                 const char *name, bool *is_expression);

/* Fills in the reason and returns `error`. Some errors are refusals: -EPERM, -EDQUOT. */
__attribute__((format(printf, 3, 4))) int code_refuse(struct rpc_reason *reason, int error,
                                                      const char *format, ...);
