/* How the clients share the loop; see turns.h. */
#include "rpc/turns.h"

#include "rpc/peer.h"

/* What one turn does at most before others have theirs. */
#define TURN_MESSAGES      256
#define TURN_TIME          (LOOP_SECOND / 5000)

/* How often the clock is asked: after so many messages, or so many bytes of answers. */
#define TURN_LOOK_MESSAGES 8
#define TURN_LOOK_BYTES    4096

/* What those that queue get of a round together; and how much of it long turns may have taken
 * before every client queues that is not known to ask for little. */
#define ROUND_QUEUE        (LOOP_SECOND / 1000)
#define ROUND_LONG         (LOOP_SECOND / 500)

static void turns_on_task(struct loop_task *task)
{
    struct turns *turns = CONTAINER_OF(task, struct turns, task);
    uint64_t end = loop_now() + ROUND_QUEUE;
    struct fair_item *item;
    while ((item = fair_pop(&turns->queue)) != NULL) {
        turns->take(CONTAINER_OF(item, struct peer, queued));
        if (loop_now() >= end)
            break;
    }
    if (!fair_empty(&turns->queue))
        loop_defer(turns->loop, &turns->task);
}

void turns_init(struct turns *turns, struct loop *loop, void (*take)(struct peer *peer))
{
    *turns = (struct turns){.loop = loop, .take = take};
    fair_init(&turns->queue);
    loop_task_init(&turns->task, turns_on_task);
}

void turns_deinit(struct turns *turns)
{
    loop_defer_cancel(turns->loop, &turns->task);
}

void turns_queue(struct turns *turns, struct peer *peer)
{
    if (!fair_queued(&peer->queued)) {
        fair_push(&turns->queue, &peer->queued, peer->who.uid);
        turns->ever++;
    }
    loop_defer(turns->loop, &turns->task);
}

bool turns_are_long(const struct turns *turns)
{
    return turns->spent > ROUND_LONG && turns->round == loop_lately(turns->loop);
}

void turn_begin(struct turn *turn, uint64_t written)
{
    *turn = (struct turn){
        .left = TURN_MESSAGES,
        .look = TURN_MESSAGES - TURN_LOOK_MESSAGES,
        .look_at = written + TURN_LOOK_BYTES,
    };
}

void turn_look(struct turn *turn, uint64_t written)
{
    uint64_t now = loop_now();
    if (turn->begun == 0)
        turn->begun = now;
    turn->over = turn->left == 0 || now - turn->begun >= TURN_TIME;
    turn->look = turn->left > TURN_LOOK_MESSAGES ? turn->left - TURN_LOOK_MESSAGES : 0;
    turn->look_at = written + TURN_LOOK_BYTES;
}

bool turn_end(const struct turn *turn, struct turns *turns)
{
    if (turn->begun == 0)
        return true;
    uint64_t round = loop_lately(turns->loop);
    if (round != turns->round)
        turns->spent = 0;
    turns->round = round;
    turns->spent += loop_now() - turn->begun;
    return false;
}
