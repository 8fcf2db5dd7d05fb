/*
 * Writes methods_slots.h to standard output: a factor for methods_hash() under which no two names
 * of the method table meet, and the table from slot to method.
 */
#include "protocol/methods_hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define METHOD(id, name, ...) name,
#include "protocol/methods.tbl"
#undef METHOD
};

enum { NAMES = sizeof names / sizeof names[0], EMPTY = 255 };

_Static_assert(NAMES < EMPTY, "a slot is one byte");

/* Fills the slots under that factor; 0 if two names meet. */
static int fill(uint8_t *slots, uint32_t factor)
{
    memset(slots, EMPTY, METHODS_HASH_SLOTS);
    for (unsigned i = 0; i < NAMES; i++) {
        uint8_t *slot = &slots[methods_hash(names[i], strlen(names[i]), factor)];
        if (*slot != EMPTY)
            return 0;
        *slot = (uint8_t)i;
    }
    return 1;
}

static void print(const uint8_t *slots, uint32_t factor)
{
    printf("/* Written by protocol/gen/methods_hash.c when the tree was built. */\n"
           "enum { EMPTY_SLOT = %d };\n"
           "static const uint32_t hash_factor = UINT32_C(%u);\n"
           "static const uint8_t hash_slots[%d] = {",
           EMPTY, (unsigned)factor, METHODS_HASH_SLOTS);
    for (unsigned i = 0; i < METHODS_HASH_SLOTS; i++)
        printf("%s%u,", i % 16 ? " " : "\n    ", slots[i]);
    printf("\n};\n");
}

int main(void)
{
    uint8_t slots[METHODS_HASH_SLOTS];

    for (unsigned i = 0; i < NAMES; i++) {
        if (strlen(names[i]) < METHODS_HASH_SHORTEST) {
            fprintf(stderr, "methods_hash: the name %s is too short\n", names[i]);
            return EXIT_FAILURE;
        }
    }
    for (uint32_t factor = 0x9e3779b1u, tries = 0; tries < 1000000; tries++, factor += 2) {
        if (fill(slots, factor)) {
            print(slots, factor);
            return EXIT_SUCCESS;
        }
    }
    fprintf(stderr, "methods_hash: no factor keeps the names apart\n");
    return EXIT_FAILURE;
}
