/*
 * "Did you mean …?": of several names the one that a mistyped word is closest to.
 */
#pragma once

#include <stddef.h>

struct nearest {
    const char *word;
    size_t length;
    const char *best; /* NULL: none is close enough to be meant */
    size_t distance;  /* of the best one; a candidate must come below it */
};

/* The word, which need not be terminated and must outlive the search. */
void nearest_init(struct nearest *nearest, const char *word, size_t length);

/* A name that could be meant; it must outlive the search. Of equals the alphabet's first wins,
 * whatever the order in which they are offered. */
void nearest_offer(struct nearest *nearest, const char *name);
