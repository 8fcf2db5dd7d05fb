/*
 * What the tests of the runtime share: a runtime on a loop, script files in a private folder, and
 * an end which proves that nothing is left.
 */
#pragma once

#include "loop/loop.h"
#include "net/net.h"
#include "net/sock.h"
#include "scripts/runtime.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

extern struct loop *loop;
extern struct net *net;
extern struct runtime *runtime;

/* For .init and .fini of a suite. */
void fixture_up(void);
void fixture_down(void);

/* Writes a file in the private folder; its path, the fixture's until the next call. */
const char *fixture_file(const char *name, const char *text);
const char *fixture_folder(void);

/* Loads a path to the end: "" or the error. */
const char *fixture_load(const char *path);

/* Runs the loop until the condition holds; a test's own timeout is the limit. */
void fixture_run_until(bool (*holds)(void));
