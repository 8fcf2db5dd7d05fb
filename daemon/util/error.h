/*
 * Errors, and how they travel.
 *
 * A function that can fail returns an int:
 *
 *   negative   -errno: the work was not done. The caller that has nothing to add hands the number
 *              on untouched; whoever faces a user turns it into words.
 *   zero       fine.
 *   positive   a condition that the function documents and that its direct caller must handle,
 *              such as "would block". It never travels further than that caller.
 *
 * A function that returns a pointer or a bool has just one way to fail and says so at its
 * prototype. Whatever cannot happen unless sockd itself is wrong is a CHECK, not an error.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* A function that is seldom called: it is not made part of its callers, which then need not save
 * registers for it. */
#define COLD __attribute__((cold, noinline))

/*
 * Stays on in release builds: a daemon that goes on with broken state hands out other people's
 * bytes.
 */
#define CHECK(condition)                                  \
    do {                                                  \
        if (__builtin_expect(!(condition), 0))            \
            check_failed(#condition, __FILE__, __LINE__); \
    } while (0)

static inline _Noreturn void check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "sockd: %s:%d: must hold, but does not: %s\n", file, line, condition);
    abort();
}

/*
 * Every object that travels through a `void *` begins with a magic number of its type; the first
 * line of the function that receives it proves that it is what it should be.
 */
#define MAGIC_CHECK(object, number) CHECK((object) != NULL && (object)->magic == (number))

/*
 * A failed look-up of a name has codes of its own (EAI_NONAME and so on, netdb.h, all negative).
 * They travel as the numbers below ERROR_EAI_BASE, out of errno's reach.
 */
#define ERROR_EAI_BASE              (-10000)

static inline int error_from_eai(int code)
{
    return ERROR_EAI_BASE + code;
}

static inline bool error_is_eai(int error)
{
    return error < ERROR_EAI_BASE;
}

static inline int error_eai_code(int error)
{
    return error - ERROR_EAI_BASE;
}
