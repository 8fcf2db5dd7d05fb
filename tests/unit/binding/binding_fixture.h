/*
 * What the tests of the binding share: a machine with all modules on a loop, chunks of Lua that
 * are run to their end, and an end which proves that nothing is left. What the modules do for
 * scripts is tested by scripts, in tests/lua; here is what only C sees.
 */
#pragma once

#include "binding/binding.h"
#include "binding/binding_private.h"
#include "fiber/fiber.h"
#include "fiber/vm.h"
#include "loop/loop.h"
#include "net/net.h"
#include "net/sock.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <lauxlib.h>
#include <string.h>

extern struct loop *loop;
extern struct net *net;
extern struct binding *binding;

/* For .init and .fini of a suite; a test may ask for another binding before anything else. */
void fixture_up(void);
void fixture_configure(const struct binding_config *config);
void fixture_down(void);

/* Runs a chunk in a fiber until the binding is idle: its results, joined by blanks, or its error
 * with "error: " in front. The text is the fixture's, until the next call. */
const char *fixture_lua(const char *code);

/* Starts a chunk and returns its fiber's number. */
uint64_t fixture_start(const char *code);

/* Runs the loop until the binding is idle, or for some rounds. */
void fixture_run(void);
void fixture_run_rounds(int rounds);

/* One look for events, idle or not. */
void fixture_turn(void);

/* Calls a C function as the chunk's `fn`. */
void fixture_define(lua_CFunction fn);

/* What goes to standard output and standard error from here to fixture_captured, which returns it;
 * it is also what the log writes. */
void fixture_capture(void);
const char *fixture_captured(void);
