/*
 * What the tests of the fiber layer share: a machine on a loop, fibers made of text, and an end
 * which proves that nothing is left.
 */
#pragma once

#include "fiber/fiber.h"
#include "fiber/vm.h"
#include "loop/loop.h"

#include <criterion/criterion.h>
#include <lauxlib.h>
#include <string.h>

extern struct loop *loop;
extern struct vm *vm;

/* For .init and .fini of a suite. A test that wants limits of its own calls fixture_limit before
 * anything else. */
void fixture_up(void);
void fixture_limit(size_t memory, double cpu);
void fixture_down(void);

/* How a fiber ended. */
struct outcome {
    bool ended;
    int status;
    char text[4096]; /* its results, joined by blanks, or its error */
};

/* A fiber of a chunk, not yet started. Functions for it: `note(text)` appends to fixture_notes,
 * `wait()` waits until fixture_wake, `yield()`, `sleep(seconds)`, `create(function)`,
 * `join(number)` waits for the end of another. */
struct fiber *fixture_fiber(const char *code, struct outcome *outcome);

/* What its maker does at its end: notes it in the outcome. */
void fixture_ended(struct fiber *fiber, void *context, int status);

extern char fixture_notes[256];

/* Runs the loop until no fiber is left, or for some rounds. */
void fixture_run(void);
void fixture_run_rounds(int rounds);

/* Wakes the fiber that is in wait(), which returns the text. */
void fixture_wake(struct fiber *fiber, const char *text);

/* Starts the chunk, runs it to its end and gives its outcome. */
const char *fixture_result(const char *code);
