/*
 * A hash table whose nodes live inside its elements. It compares nothing itself: the user looks
 * through the nodes of one hash for the element that it means. Empty, it holds next to no memory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct hash_node {
    struct hash_node *next;
    uint64_t hash;
};

/* Zeroed it is empty. */
struct hash {
    struct hash_node **buckets;
    size_t size; /* a power of two, or 0 */
    size_t count;
};

/* Gives the memory back; the elements are their owners'. */
void hash_deinit(struct hash *hash);

/* -ENOMEM. */
int hash_add(struct hash *hash, struct hash_node *node, uint64_t value);
void hash_remove(struct hash *hash, struct hash_node *node);

/* The first node with this hash, and the next one after it; NULL at the end. */
struct hash_node *hash_first(const struct hash *hash, uint64_t value);
struct hash_node *hash_next(const struct hash_node *node);

/* Hashes of a number, and of bytes on top of another hash. */
uint64_t hash_number(uint64_t number);
uint64_t hash_bytes(uint64_t seed, const void *data, size_t size);
