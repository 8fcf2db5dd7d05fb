/*
 * Look-ups. See resolver.h.
 *
 * A look-up's question belongs to the threads (lookup_threads.h) until they have answered it:
 * cancelling it then only notes that nobody wants the answer.
 */
#include "net/name/resolver.h"

#include "loop/loop.h"
#include "net/name/lookup_threads.h"
#include "net/name/question.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/list.h"
#include "util/quota.h"

#include <stdlib.h>
#include <string.h>

struct resolver {
    struct loop *loop;
    struct loop_io io;
    struct lookup_threads *threads;
    size_t busy;
    struct list paid; /* the look-ups that somebody pays for */
};

struct lookup {
    struct question question; /* first: question_free frees all of it */
    struct resolver *resolver;
    struct list paid;
    struct quota_user *payer; /* a reference, or NULL */
    lookup_fn *fn;            /* NULL: cancelled */
    void *context;
};

static void lookup_settle(struct lookup *lookup)
{
    struct quota_user *payer = STEAL(lookup->payer);
    list_unlink(&lookup->paid);
    if (payer != NULL)
        quota_release(payer, QUOTA_LOOKUPS, 1);
    quota_user_put(payer);
}

void lookup_set_payer(struct lookup *lookup, struct quota_user *payer)
{
    lookup->payer = quota_user_ref(payer);
    list_append(&lookup->resolver->paid, &lookup->paid);
}

void resolver_forget_payers(struct resolver *resolver)
{
    struct list *node;
    while ((node = list_first(&resolver->paid)) != NULL)
        lookup_settle(CONTAINER_OF(node, struct lookup, paid));
}

static void lookup_finish(struct lookup *lookup)
{
    lookup->resolver->busy--;
    lookup_settle(lookup);
    if (lookup->fn != NULL)
        lookup->fn(lookup->context, lookup->question.result, STEAL(lookup->question.list));
    question_free(&lookup->question);
}

static void resolver_on_answers(struct loop_io *io, unsigned events)
{
    (void)events;
    struct resolver *resolver = CONTAINER_OF(io, struct resolver, io);
    struct list answered = LIST_INIT(answered), *node;
    lookup_threads_take(resolver->threads, &answered);
    while ((node = list_shift(&answered)) != NULL)
        lookup_finish(CONTAINER_OF(node, struct lookup, question.link));
}

int resolver_new(struct resolver **out, struct loop *loop, unsigned threads)
{
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    if (resolver == NULL)
        return -ENOMEM;
    *resolver = (struct resolver){.loop = loop, .threads = lookup_threads_new(threads)};
    list_init(&resolver->paid);
    int error = resolver->threads != NULL ? 0 : -errno;
    if (error == 0)
        error = loop_io_start(loop, &resolver->io, lookup_threads_fd(resolver->threads),
                              resolver_on_answers);
    if (error < 0) {
        resolver_free(resolver);
        return error;
    }
    *out = resolver;
    return 0;
}

void resolver_free(struct resolver *resolver)
{
    if (resolver == NULL)
        return;
    loop_io_stop(resolver->loop, &resolver->io);
    resolver_forget_payers(resolver); /* what the threads still have must not point here */
    if (resolver->threads != NULL)
        lookup_threads_end(resolver->threads);
    free(resolver);
}

size_t resolver_busy(const struct resolver *resolver)
{
    return resolver->busy;
}

static struct lookup *lookup_new(const char *host, const char *service,
                                 const struct addrinfo *hints)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (lookup == NULL)
        return NULL;
    list_init(&lookup->question.link);
    fair_item_init(&lookup->question.queued);
    lookup->question.asker = LOOKUP_NOBODY;
    list_init(&lookup->paid);
    struct question *question = &lookup->question;
    if (hints != NULL) {
        question->has_hints = true;
        question->hints = *hints;
    }
    if ((host != NULL && (question->host = strdup(host)) == NULL) ||
        (service != NULL && (question->service = strdup(service)) == NULL)) {
        question_free(question);
        return NULL;
    }
    return lookup;
}

static int lookup_queue(struct resolver *resolver, struct lookup *lookup, lookup_fn *fn,
                        void *context, struct lookup **out)
{
    lookup->resolver = resolver;
    lookup->fn = fn;
    lookup->context = context;
    int error = lookup_threads_ask(resolver->threads, &lookup->question);
    if (error < 0) {
        question_free(&lookup->question);
        return error;
    }
    resolver->busy++;
    *out = lookup;
    return 0;
}

int lookup_start(struct resolver *resolver, uint64_t asker, const char *host, const char *service,
                 const struct addrinfo *hints, lookup_fn *fn, void *context, struct lookup **out)
{
    struct lookup *lookup = lookup_new(host, service, hints);
    if (lookup == NULL)
        return -ENOMEM;
    lookup->question.asker = asker;
    return lookup_queue(resolver, lookup, fn, context, out);
}

int lookup_start_reverse(struct resolver *resolver, const struct sockaddr *address,
                         socklen_t length, int flags, lookup_fn *fn, void *context,
                         struct lookup **out)
{
    CHECK(length <= sizeof(struct sockaddr_storage));
    struct lookup *lookup = lookup_new(NULL, NULL, NULL);
    if (lookup == NULL)
        return -ENOMEM;
    lookup->question.reverse = true;
    memcpy(&lookup->question.address, address, length);
    lookup->question.address_length = length;
    lookup->question.flags = flags;
    return lookup_queue(resolver, lookup, fn, context, out);
}

int lookup_start_entry(struct resolver *resolver, const char *host, lookup_fn *fn, void *context,
                       struct lookup **out)
{
    struct lookup *lookup = lookup_new(host, NULL, NULL);
    if (lookup == NULL)
        return -ENOMEM;
    lookup->question.entry = true;
    return lookup_queue(resolver, lookup, fn, context, out);
}

void lookup_names(const struct lookup *lookup, const char **host, const char **service)
{
    *host = lookup->question.host;
    *service = lookup->question.service;
}

void lookup_cancel(struct lookup *lookup)
{
    struct resolver *resolver = lookup->resolver;
    lookup->fn = NULL;
    if (lookup_threads_withdraw(resolver->threads, &lookup->question))
        lookup_finish(lookup);
}
