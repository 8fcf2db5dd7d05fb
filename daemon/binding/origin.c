/* Loads and what becomes of what they brought; see origin.h. */
#include "binding/origin.h"

#include "binding/binding_private.h"
#include "binding/brood.h"
#include "binding/listening.h"
#include "net/net.h"
#include "util/error.h"

/* After the end of an attended fiber, how long what it made may take to end by itself. */
#define ORIGIN_SWEEP LOOP_SECOND

void origin_init(struct binding *binding)
{
    list_init(&binding->listenings);
}

void origin_deinit(struct binding *binding)
{
    loop_timer_stop(net_loop(binding->net), &binding->origins.sweep);
    listening_forget_all(binding);
}

uint64_t origin_present(const struct binding *binding)
{
    return binding->origins.present;
}

void origin_begin(struct binding *binding, uint64_t origin, bool replaces)
{
    struct origins *origins = &binding->origins;
    CHECK(origins->loading == 0);
    origins->loading = origin;
    origins->replaces = replaces;
}

/* ---- ending what has to end ---- */

/* One that has ended and that nobody has joined keeps what it returned. */
static void origin_end_fiber(struct fiber *fiber)
{
    if (fiber_is_dead(fiber))
        fiber_set_joinable(fiber, false);
    else
        fiber_cancel(fiber);
}

static void origin_undo_fiber(void *context, struct fiber *fiber)
{
    const struct binding *binding = context;
    if (fiber_origin(fiber) == binding->origins.loading)
        origin_end_fiber(fiber);
}

static void origin_retire_fiber(void *context, struct fiber *fiber)
{
    const struct binding *binding = context;
    uint64_t origin = fiber_origin(fiber);
    if (origin > 0 && origin < binding->origins.first &&
        !binding_is_attended(binding, fiber_root(fiber)))
        origin_end_fiber(fiber);
}

static void origin_retire(struct binding *binding)
{
    fiber_each(binding->vm, origin_retire_fiber, binding);
    listening_retire(binding);
}

/* ---- how loads end ---- */

void origin_undo(struct binding *binding)
{
    fiber_each(binding->vm, origin_undo_fiber, binding);
    listening_undo(binding);
    binding->origins.loading = 0;
}

void origin_stand(struct binding *binding)
{
    struct origins *origins = &binding->origins;
    origins->present = origins->loading;
    origins->loading = 0;
    if (!origins->replaces && origins->first > 0)
        return;
    origins->first = origins->present;
    listening_succeed(binding);
    origin_retire(binding);
}

/* ---- afterwards ---- */

static void origin_on_sweep(struct loop_timer *timer)
{
    struct origins *origins = CONTAINER_OF(timer, struct origins, sweep);
    origin_retire(CONTAINER_OF(origins, struct binding, origins));
}

void origin_unattended(struct binding *binding, const struct fiber *fiber)
{
    struct origins *origins = &binding->origins;
    uint64_t origin = fiber_origin(fiber);
    brood_unattended(binding, fiber);
    if (origin == 0 || origin >= origins->first || loop_timer_runs(&origins->sweep))
        return;
    /* Without memory for a timer the next reload sweeps. */
    (void)loop_timer_start(net_loop(binding->net), &origins->sweep, loop_now() + ORIGIN_SWEEP,
                           origin_on_sweep);
}
