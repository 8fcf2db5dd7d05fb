/* Descriptors whose arrival the client has to confirm; see handover.h. */
#include "rpc/handover.h"

#include "net/sock.h"
#include "rpc/handles.h"
#include "util/error.h"

#include <stdlib.h>

struct handover {
    struct list link;
    struct handovers *all;
    struct sock *sock; /* NULL: its answer is not out yet */
    uint32_t msgid;
    struct loop_timer timer;
};

void handovers_init(struct handovers *handovers, struct loop *loop, struct handles *handles,
                    double patience)
{
    *handovers = (struct handovers){.loop = loop, .handles = handles, .patience = patience};
    list_init(&handovers->waiting);
}

struct handover *handover_new(struct handovers *handovers, uint32_t msgid)
{
    struct handover *handover = calloc(1, sizeof *handover);
    if (!handover)
        return NULL;
    handover->all = handovers;
    handover->msgid = msgid;
    list_init(&handover->link);
    return handover;
}

void handover_free(struct handover *handover)
{
    if (!handover)
        return;
    loop_timer_stop(handover->all->loop, &handover->timer);
    list_unlink(&handover->link);
    sock_unref(handover->sock);
    free(handover);
}

static void handover_settle(struct handover *handover, bool came)
{
    if (came) {
        sock_give_away(handover->sock);
    } else {
        sock_take_back(handover->sock);
        handles_restored(handover->all->handles, sock_id(handover->sock));
    }
    handover_free(handover);
}

static void handover_on_timer(struct loop_timer *timer)
{
    handover_settle(CONTAINER_OF(timer, struct handover, timer), false);
}

/* Without a timer, for want of memory, the end of the connection is the end of the time. */
void handover_begin(struct handover *handover, struct sock *sock)
{
    struct handovers *all = handover->all;
    handover->sock = sock;
    list_append(&all->waiting, &handover->link);
    (void)loop_timer_start(all->loop, &handover->timer, loop_deadline(all->patience),
                           handover_on_timer);
}

int handovers_settle(struct handovers *handovers, uint32_t msgid, bool came)
{
    struct list *link = handovers->waiting.next;
    for (; link != &handovers->waiting; link = link->next) {
        struct handover *handover = CONTAINER_OF(link, struct handover, link);
        if (handover->msgid == msgid) {
            handover_settle(handover, came);
            return 0;
        }
    }
    return -ENOENT;
}

void handovers_end(struct handovers *handovers)
{
    for (struct list *link; (link = list_first(&handovers->waiting));)
        handover_settle(CONTAINER_OF(link, struct handover, link), false);
}
