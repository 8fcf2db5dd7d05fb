/*
 * What each handler has served, by its name: kept while anything serves under the name.
 */
#pragma once

#include "util/list.h"

#include <stddef.h>
#include <stdint.h>

struct binding;

struct tally {
    struct list link;
    size_t references;
    size_t connections; /* now */
    uint64_t ever;
    uint64_t failed; /* of them with an error */
    char name[];
};

/* The one of the name, made if there is none, with a reference for the caller. NULL: no memory. */
struct tally *tally_get(struct binding *binding, const char *name);
struct tally *tally_ref(struct tally *tally);
void tally_put(struct tally *tally);

/* How many there are, and each. */
size_t tally_count(const struct binding *binding);
void tally_each(struct binding *binding, void (*fn)(void *context, const struct tally *tally),
                void *context);
