/* Steps of a loop; see spin.h. */
#include "spin.h"

#include "fuzz.h"
#include "loop/loop.h"
#include "net/net.h"
#include "util/error.h"
#include "util/list.h"

#include <sched.h>

struct turns {
    struct loop_task task;
    struct loop *loop;
    int left;
};

static void on_turn(struct loop_task *task)
{
    struct turns *turns = CONTAINER_OF(task, struct turns, task);
    if (turns->left-- > 0)
        loop_defer(turns->loop, task);
    else
        loop_stop(turns->loop);
}

/* A few rounds, since one leads to the next. */
static void spin_once(struct loop *loop)
{
    struct turns turns = {.loop = loop, .left = 4};
    loop_task_init(&turns.task, on_turn);
    loop_defer(loop, &turns.task);
    MUST(loop_run(loop) == 0);
}

void spin(struct loop *loop, struct net *net)
{
    struct net_stats stats;
    spin_once(loop);
    for (net_stats(net, &stats); stats.lookups > 0; net_stats(net, &stats)) {
        sched_yield();
        spin_once(loop);
    }
}
