/*
 * A queue that serves keys in turn, such as users: one item of each, then the next one of each. A
 * key with a thousand items delays the only item of another key by one.
 *
 * Nothing is allocated: of the items of a key the oldest leads, and holds those behind it. The
 * keys in a queue at once are few; they are searched one after the other.
 */
#pragma once

#include "util/list.h"

#include <stdint.h>

struct fair {
    struct list leaders; /* the oldest item of each key; the first one's turn is next */
};

/* Lives inside its user. */
struct fair_item {
    struct list link;   /* among the leaders, or behind one */
    struct list behind; /* of a leader: the rest of its key's */
    uint64_t key;
    bool leads;
};

static inline void fair_init(struct fair *fair)
{
    list_init(&fair->leaders);
}

static inline void fair_item_init(struct fair_item *item)
{
    *item = (struct fair_item){.key = 0};
    list_init(&item->link);
    list_init(&item->behind);
}

static inline bool fair_empty(const struct fair *fair)
{
    return list_empty(&fair->leaders);
}

static inline bool fair_queued(const struct fair_item *item)
{
    return list_linked(&item->link);
}

/* Appends an item, which is in no queue, to those of its key. */
void fair_push(struct fair *fair, struct fair_item *item, uint64_t key);

/* Takes the item whose turn it is; NULL: there is none. */
struct fair_item *fair_pop(struct fair *fair);

/* The same among the keys that `may` agrees to. */
struct fair_item *fair_pop_if(struct fair *fair, bool (*may)(void *context, uint64_t key),
                              void *context);

/* Takes an item out wherever it stands; its key keeps its turn. One in no queue is left alone. */
void fair_remove(struct fair_item *item);
