/* Counts of handlers; see tally.h. There are few names. */
#include "binding/tally.h"

#include "binding/binding_private.h"

#include <stdlib.h>
#include <string.h>

static struct tally *tally_of(struct list *link)
{
    return CONTAINER_OF(link, struct tally, link);
}

struct tally *tally_get(struct binding *binding, const char *name)
{
    LIST_FOREACH_SAFE (link, &binding->tallies)
        if (strcmp(tally_of(link)->name, name) == 0)
            return tally_ref(tally_of(link));
    size_t size = strlen(name) + 1;
    struct tally *tally = calloc(1, sizeof *tally + size);
    if (tally == NULL)
        return NULL;
    memcpy(tally->name, name, size);
    list_append(&binding->tallies, &tally->link);
    return tally_ref(tally);
}

struct tally *tally_ref(struct tally *tally)
{
    tally->references++;
    return tally;
}

void tally_put(struct tally *tally)
{
    if (--tally->references > 0)
        return;
    list_unlink(&tally->link);
    free(tally);
}

size_t tally_count(const struct binding *binding)
{
    size_t count = 0;
    for (const struct list *link = binding->tallies.next; link != &binding->tallies;
         link = link->next)
        count++;
    return count;
}

void tally_each(struct binding *binding, void (*fn)(void *context, const struct tally *tally),
                void *context)
{
    LIST_FOREACH_SAFE (link, &binding->tallies)
        fn(context, tally_of(link));
}
