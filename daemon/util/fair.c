/* A queue that serves keys in turn; see fair.h. */
#include "util/fair.h"

void fair_push(struct fair *fair, struct fair_item *item, uint64_t key)
{
    item->key = key;
    LIST_FOREACH_SAFE (link, &fair->leaders) {
        struct fair_item *leader = CONTAINER_OF(link, struct fair_item, link);
        if (leader->key == key) {
            list_append(&leader->behind, &item->link);
            return;
        }
    }
    item->leads = true;
    list_append(&fair->leaders, &item->link);
}

/* Takes a leader out; the oldest item behind it leads from now on, before `position`. */
static void replace_leader(struct fair_item *leader, struct list *position)
{
    list_unlink(&leader->link);
    leader->leads = false;
    struct list *link = list_shift(&leader->behind);
    if (link == NULL)
        return;
    struct fair_item *next = CONTAINER_OF(link, struct fair_item, link);
    list_splice(&next->behind, &leader->behind);
    next->leads = true;
    list_insert_before(position, link);
}

struct fair_item *fair_pop_if(struct fair *fair, bool (*may)(void *context, uint64_t key),
                              void *context)
{
    LIST_FOREACH_SAFE (link, &fair->leaders) {
        struct fair_item *leader = CONTAINER_OF(link, struct fair_item, link);
        if (may == NULL || may(context, leader->key)) {
            replace_leader(leader, &fair->leaders);
            return leader;
        }
    }
    return NULL;
}

struct fair_item *fair_pop(struct fair *fair)
{
    return fair_pop_if(fair, NULL, NULL);
}

void fair_remove(struct fair_item *item)
{
    if (item->leads)
        replace_leader(item, item->link.next);
    else
        list_unlink(&item->link);
}
