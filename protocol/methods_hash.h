/*
 * The hash by which a method is found: one multiplication, without a collision among the names.
 *
 * The program gen/methods_hash.c looks for the factor when the tree is built and writes the table
 * of slots; methods.c uses both.
 */
#ifndef PROTOCOL_METHODS_HASH_H
#define PROTOCOL_METHODS_HASH_H

#include <stddef.h>
#include <stdint.h>

enum {
    METHODS_HASH_BITS = 8,
    METHODS_HASH_SLOTS = 1 << METHODS_HASH_BITS,
    METHODS_HASH_SHORTEST = 4, /* bytes that a name has at least */
};

/* The slot of a name of METHODS_HASH_SHORTEST bytes or more: its first byte, its last four and its
 * size tell all methods apart. */
static inline uint32_t methods_hash(const char *name, size_t size, uint32_t factor)
{
    const uint8_t *first = (const uint8_t *)name;
    const uint8_t *last = first + size - METHODS_HASH_SHORTEST;
    uint32_t key = (uint32_t)last[0] | (uint32_t)last[1] << 8 | (uint32_t)last[2] << 16 |
                   (uint32_t)last[3] << 24;

    key ^= (uint32_t)size << 5 ^ (uint32_t)first[0] << 11;
    return key * factor >> (32 - METHODS_HASH_BITS);
}

#endif
