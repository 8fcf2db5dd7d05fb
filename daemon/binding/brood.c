/* Fibers that scripts make; see brood.h. */
#include "binding/brood.h"

#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/listening.h"
#include "net/net.h"
#include "util/error.h"
#include "util/quota.h"

#include <stdlib.h>

/* A root that has ended, whose brood has not yet. */
struct brood_end {
    struct list link;
    uint64_t root;
    struct fiber_walk walk;
    bool found; /* one that was to end, in this walk: it may have made others meanwhile */
};

/* ---- the account ---- */

static struct quota_user *brood_account(const struct binding *binding, uid_t owner)
{
    return binding->accounts != NULL ? quota_user_get(binding->accounts, owner) : NULL;
}

/* None is born any more into a brood that ends, or it would never be over. */
static void brood_check_root(lua_State *L, const struct fiber *fiber)
{
    LIST_FOREACH_SAFE (link, &binding_of(L)->brood_ends)
        if (CONTAINER_OF(link, struct brood_end, link)->root == fiber_root(fiber)) {
            lua_pushliteral(L, FIBER_CANCELLED);
            lua_error(L);
        }
}

void brood_check(lua_State *L)
{
    struct fiber *fiber = fiber_current(L);
    if (fiber != NULL)
        brood_check_root(L, fiber);
    struct quota_user *account =
        fiber != NULL ? brood_account(binding_of(L), fiber_owner(fiber)) : NULL;
    if (account == NULL)
        return;
    bool room = quota_left(account, QUOTA_FIBERS) > quota_limit(account, QUOTA_FIBERS) / 2;
    quota_user_put(account);
    if (room)
        return;
    fiber_set_greedy(fiber);
    failure_throw(L, "there are as many fibers of uid %d as scripts may make (--quota-fibers)",
                  (int)fiber_owner(fiber));
}

/* Without memory for an account it costs nothing. */
void brood_charge(struct fiber *fiber)
{
    struct binding *binding = vm_context(fiber_vm(fiber));
    struct quota_user *account = brood_account(binding, fiber_owner(fiber));
    if (account == NULL)
        return;
    quota_force(account, QUOTA_FIBERS, 1); /* with the reference, which brood_release gives back */
    fiber_set_charged(fiber);
}

void brood_release(struct fiber *fiber)
{
    if (!fiber_is_charged(fiber))
        return;
    struct binding *binding = vm_context(fiber_vm(fiber));
    struct quota_user *account = quota_user_get(binding->accounts, fiber_owner(fiber));
    CHECK(account != NULL); /* it is charged, so it is there */
    quota_release(account, QUOTA_FIBERS, 1);
    quota_user_put(account);
    quota_user_put(account);
}

/* ---- ending with the root ---- */

static void brood_end_fiber(void *context, struct fiber *fiber)
{
    struct brood_end *end = context;
    if (fiber_root(fiber) != end->root)
        return;
    if (fiber_is_dead(fiber)) {
        fiber_set_joinable(fiber, false); /* nobody joins it any more */
    } else if (!fiber_call_off(fiber) && !fiber_is_cancelled(fiber)) {
        fiber_cancel(fiber);
        end->found = true;
    }
}

static void brood_end_free(struct brood_end *end)
{
    list_unlink(&end->link);
    free(end);
}

/* All fibers were looked at; those that were cancelled are asked about once more. */
static void brood_end_walk(struct brood_end *end)
{
    if (!end->found) {
        brood_end_free(end);
        return;
    }
    end->walk = (struct fiber_walk){0};
    end->found = false;
}

/* Some of them in each round of the loop: there may be a hundred thousand. */
static void brood_on_task(struct loop_task *task)
{
    struct binding *binding = CONTAINER_OF(task, struct binding, brood_task);
    struct brood_end *end = CONTAINER_OF(binding->brood_ends.next, struct brood_end, link);
    if (!fiber_walk(binding->vm, &end->walk, brood_end_fiber, end))
        brood_end_walk(end);
    if (!list_empty(&binding->brood_ends))
        loop_defer(net_loop(binding->net), &binding->brood_task);
}

void brood_unattended(struct binding *binding, const struct fiber *fiber)
{
    if (!fiber_was_greedy(fiber))
        return;
    listening_close_brood(binding, fiber_id(fiber));
    struct brood_end *end = calloc(1, sizeof *end);
    if (end == NULL)
        return; /* they live on, at their owner's expense */
    end->root = fiber_id(fiber);
    list_append(&binding->brood_ends, &end->link);
    loop_defer(net_loop(binding->net), &binding->brood_task);
}

/* ---- life ---- */

void brood_init(struct binding *binding)
{
    list_init(&binding->brood_ends);
    loop_task_init(&binding->brood_task, brood_on_task);
}

void brood_deinit(struct binding *binding)
{
    loop_defer_cancel(net_loop(binding->net), &binding->brood_task);
    LIST_FOREACH_SAFE (link, &binding->brood_ends)
        brood_end_free(CONTAINER_OF(link, struct brood_end, link));
}
