/* The file of the control socket, while it is served. See door.h. */
#include "host/door.h"

#include "host/control.h"
#include "host/termination.h"
#include "loop/loop.h"
#include "rpc/rpc.h"
#include "util/error.h"
#include "util/list.h"
#include "util/log.h"

#include <string.h>
#include <unistd.h>

/* Between two looks. */
#define DOOR_PERIOD (2 * LOOP_SECOND)

struct door {
    struct loop *loop;
    struct loop_timer timer;
    struct control *control;
    struct rpc *rpc;
    int told; /* what was found the last time: it is logged once */
};

/* Makes the socket anew and listens there; those who are connected stay. */
static int door_rebuild(struct door *door)
{
    int result = control_remake(door->control);
    if (result < 0)
        return result;
    int fd = control_take_fd(door->control);
    rpc_stop_listening(door->rpc);
    result = rpc_listen(door->rpc, fd);
    if (result < 0) {
        close(fd);
        return result;
    }
    termination_set_file(control_path(door->control));
    log_write(LOG_WARN, "the control socket %s had been removed; it is there again",
              control_path(door->control));
    return 0;
}

/* 0, or what keeps clients from reaching the daemon. */
static int door_look(struct door *door)
{
    int found = control_check(door->control);
    if (found == -ENOENT && control_made(door->control))
        found = door_rebuild(door);
    return found;
}

static void door_tell(const struct door *door, int found)
{
    const char *path = control_path(door->control);
    if (found == -ENOENT && !control_made(door->control))
        log_write(LOG_ERROR,
                  "the control socket %s, which was passed in, has been removed: nobody can "
                  "connect before it is made anew",
                  path);
    else if (found < 0)
        log_write(LOG_ERROR, "the control socket %s cannot be reached any more: %s", path,
                  found == -EEXIST ? "something else is in its place" : strerror(-found));
}

static void door_on_timer(struct loop_timer *timer)
{
    struct door *door = CONTAINER_OF(timer, struct door, timer);
    int found = door_look(door);
    if (found != door->told)
        door_tell(door, found);
    door->told = found;
    /* Cannot fail: the timer has just left a place free. */
    loop_timer_start(door->loop, timer, loop_now() + DOOR_PERIOD, door_on_timer);
}

int door_new(struct door **out, struct loop *loop, struct control *control, struct rpc *rpc)
{
    struct door *door = calloc(1, sizeof *door);
    if (!door)
        return -ENOMEM;
    *door = (struct door){.loop = loop, .control = control, .rpc = rpc};
    int result = loop_timer_start(loop, &door->timer, loop_now() + DOOR_PERIOD, door_on_timer);
    if (result < 0) {
        free(door);
        return result;
    }
    *out = door;
    return 0;
}

void door_free(struct door *door)
{
    if (!door)
        return;
    loop_timer_stop(door->loop, &door->timer);
    free(door);
}
