/* A chained hash table; see hash.h. It doubles when it is full and is given back when it is empty
 * and had grown. */
#include "util/hash.h"

#include "util/error.h"

#include <stdlib.h>

#define HASH_SIZE_MIN 16

void hash_deinit(struct hash *hash)
{
    free(hash->buckets);
    *hash = (struct hash){0};
}

static struct hash_node **hash_bucket(const struct hash *hash, uint64_t value)
{
    return &hash->buckets[value & (hash->size - 1)];
}

static int hash_resize(struct hash *hash, size_t size)
{
    struct hash bigger = {.buckets = calloc(size, sizeof(struct hash_node *)), .size = size};
    if (!bigger.buckets)
        return -ENOMEM;
    for (size_t i = 0; i < hash->size; i++) {
        for (struct hash_node *node = hash->buckets[i], *next; node; node = next) {
            struct hash_node **bucket = hash_bucket(&bigger, node->hash);
            next = node->next;
            node->next = *bucket;
            *bucket = node;
        }
    }
    free(hash->buckets);
    hash->buckets = bigger.buckets;
    hash->size = size;
    return 0;
}

int hash_add(struct hash *hash, struct hash_node *node, uint64_t value)
{
    if (hash->count >= hash->size) {
        int result = hash_resize(hash, hash->size > 0 ? 2 * hash->size : HASH_SIZE_MIN);
        /* A crowded table is slow, one that does not exist is none. */
        if (result < 0 && hash->size == 0)
            return result;
    }
    struct hash_node **bucket = hash_bucket(hash, value);
    node->hash = value;
    node->next = *bucket;
    *bucket = node;
    hash->count++;
    return 0;
}

void hash_remove(struct hash *hash, struct hash_node *node)
{
    struct hash_node **at = hash_bucket(hash, node->hash);
    while (*at != node) {
        CHECK(*at);
        at = &(*at)->next;
    }
    *at = node->next;
    node->next = NULL;
    if (--hash->count == 0 && hash->size > HASH_SIZE_MIN)
        hash_deinit(hash);
}

struct hash_node *hash_first(const struct hash *hash, uint64_t value)
{
    if (hash->count == 0)
        return NULL;
    struct hash_node *node = *hash_bucket(hash, value);
    return !node || node->hash == value ? node : hash_next(&(struct hash_node){node->next, value});
}

struct hash_node *hash_next(const struct hash_node *node)
{
    struct hash_node *next = node->next;
    while (next && next->hash != node->hash)
        next = next->next;
    return next;
}

/* The finalizer of MurmurHash3: every bit of the number reaches the lowest ones. */
uint64_t hash_number(uint64_t number)
{
    number = (number ^ number >> 33) * 0xff51afd7ed558ccdu;
    number = (number ^ number >> 33) * 0xc4ceb9fe1a85ec53u;
    return number ^ number >> 33;
}

/* FNV-1a. Whoever picks names that collide makes look-ups slow among names of its own uid only. */
uint64_t hash_bytes(uint64_t seed, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t value = seed ^ 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        value = (value ^ bytes[i]) * 0x100000001b3u;
    return hash_number(value);
}
