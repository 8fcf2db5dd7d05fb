/*
 * The requests in flight. See requests.h.
 *
 * Numbers are given one after the other, so their low bits are as good as any hash.
 */
#include "client/requests.h"

#include <stdlib.h>
#include <string.h>

void requests_init(struct requests *requests)
{
    *requests = (struct requests){.size = REQUESTS_BUCKETS};
    requests->buckets = requests->few;
}

void requests_deinit(struct requests *requests)
{
    if (requests->buckets != requests->few)
        free(requests->buckets);
    requests_init(requests);
}

static struct request **bucket(const struct requests *requests, uint32_t msgid)
{
    return &requests->buckets[msgid & (requests->size - 1)];
}

static void put(struct requests *requests, struct request *request)
{
    struct request **head = bucket(requests, request->msgid);

    request->chain = *head;
    *head = request;
}

/* Without memory for more buckets the chains become longer. */
static void grow(struct requests *requests)
{
    struct request **buckets = calloc(2 * requests->size, sizeof(struct request *));

    if (!buckets)
        return;
    if (requests->buckets != requests->few)
        free(requests->buckets);
    requests->buckets = buckets;
    requests->size *= 2;
    for (struct request *request = requests->first; request; request = request->next)
        put(requests, request);
}

void requests_add(struct requests *requests, struct request *request)
{
    if (requests->count >= requests->size)
        grow(requests);
    request->next = NULL;
    request->prev = requests->last;
    if (requests->last)
        requests->last->next = request;
    else
        requests->first = request;
    requests->last = request;
    put(requests, request);
    requests->count++;
}

void requests_remove(struct requests *requests, struct request *request)
{
    struct request **link = bucket(requests, request->msgid);

    while (*link != request)
        link = &(*link)->chain;
    *link = request->chain;
    if (request->prev)
        request->prev->next = request->next;
    else
        requests->first = request->next;
    if (request->next)
        request->next->prev = request->prev;
    else
        requests->last = request->prev;
    requests->count--;
}

struct request *requests_find(const struct requests *requests, uint32_t msgid)
{
    struct request *request = *bucket(requests, msgid);

    while (request && request->msgid != msgid)
        request = request->chain;
    return request;
}
