/* The hash table: what goes in is found, among any number of others, and leaves no memory. */
#include "util/hash.h"

#include "util/list.h"

#include <criterion/criterion.h>

struct element {
    struct hash_node node;
    uint64_t key;
};

static struct element *find(const struct hash *hash, uint64_t key, uint64_t value)
{
    for (struct hash_node *node = hash_first(hash, value); node; node = hash_next(node)) {
        cr_assert_eq(node->hash, value);
        struct element *element = CONTAINER_OF(node, struct element, node);
        if (element->key == key)
            return element;
    }
    return NULL;
}

Test(hash, what_goes_in_is_found_until_it_is_taken_out)
{
    enum { COUNT = 10000 };
    static struct element elements[COUNT];
    struct hash hash = {0};
    for (uint64_t i = 0; i < COUNT; i++) {
        elements[i].key = i;
        cr_assert_eq(hash_add(&hash, &elements[i].node, hash_number(i)), 0);
    }
    cr_assert_eq(hash.count, COUNT);
    for (uint64_t i = 0; i < COUNT; i += 2)
        hash_remove(&hash, &elements[i].node);
    for (uint64_t i = 0; i < COUNT; i++)
        cr_assert_eq(find(&hash, i, hash_number(i)), i % 2 ? &elements[i] : NULL);
    for (uint64_t i = 1; i < COUNT; i += 2)
        hash_remove(&hash, &elements[i].node);
    cr_assert_null(hash.buckets, "an empty table keeps a large array");
}

Test(hash, elements_of_one_hash_stand_side_by_side)
{
    struct element elements[40];
    struct hash hash = {0};
    for (uint64_t i = 0; i < 40; i++) {
        elements[i].key = i;
        cr_assert_eq(hash_add(&hash, &elements[i].node, i % 2 ? 16 : 0), 0);
    }
    for (uint64_t i = 0; i < 40; i++)
        cr_assert_eq(find(&hash, i, i % 2 ? 16 : 0), &elements[i]);
    cr_assert_null(find(&hash, 1, 0));
    cr_assert_null(hash_first(&hash, 32));
    hash_deinit(&hash);
}

Test(hash, an_empty_one_finds_nothing)
{
    struct hash hash = {0};
    cr_assert_null(hash_first(&hash, 7));
    hash_deinit(&hash);
}

Test(hash, bytes_and_their_seed_both_count)
{
    cr_assert_eq(hash_bytes(1, "name", 4), hash_bytes(1, "name", 4));
    cr_assert_neq(hash_bytes(1, "name", 4), hash_bytes(2, "name", 4));
    cr_assert_neq(hash_bytes(1, "name", 4), hash_bytes(1, "nama", 4));
    cr_assert_neq(hash_bytes(1, "name", 4), hash_bytes(1, "name", 3));
}
