/*
 * A queue of the links of list.h behind a head of one pointer, which is half of what a list's has:
 * for objects of which there are many and whose queues are mostly empty. The links form a circle
 * without the head, so that whoever leaves must say which queue.
 */
#pragma once

#include "util/list.h"

/* Zeroed it is empty. */
struct ring {
    struct list *first;
};

static inline bool ring_empty(const struct ring *ring)
{
    return ring->first == NULL;
}

/* The node is in no list. */
static inline void ring_append(struct ring *ring, struct list *node)
{
    if (ring->first == NULL)
        ring->first = node;
    else
        list_insert_before(ring->first, node);
}

/* The node is in this ring; it is in no list afterwards. */
static inline void ring_remove(struct ring *ring, struct list *node)
{
    if (ring->first == node)
        ring->first = list_linked(node) ? node->next : NULL;
    list_unlink(node);
}

static inline unsigned ring_count(const struct ring *ring)
{
    unsigned count = 0;
    const struct list *node = ring->first;
    while (node != NULL) {
        count++;
        node = node->next != ring->first ? node->next : NULL;
    }
    return count;
}
