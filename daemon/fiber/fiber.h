/*
 * Fibers: Lua coroutines that the loop runs.
 *
 * A fiber runs until it waits, ends, or has used up its slice of time; nothing else ever runs at
 * the same time. C enters Lua only by resuming a fiber from the loop. A C function that a fiber
 * calls waits in three steps: it starts whatever it waits for, it returns fiber_wait(), and what
 * it waited for later calls fiber_wake() from the loop, with the function's results.
 *
 *     static int sleep(lua_State *L)
 *     {
 *         … start a timer whose callback calls fiber_wake(fiber, 0) …
 *         return fiber_wait(L, fiber, interrupt);
 *     }
 *
 * A fiber object is valid until its end; whoever may outlast it keeps its number.
 */
#pragma once

#include "util/list.h"

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct fiber;
struct vm;

/* The fiber that runs now, or NULL: in finalizers outside of any, and in vm_protect. */
struct fiber *fiber_current(lua_State *L);

/* Whether the running function may wait: not from within a C function that called back (sort,
 * gsub, a finalizer). */
bool fiber_may_wait(lua_State *L);

/* The fiber that runs now if the running function may wait, or NULL. */
struct fiber *fiber_that_may_wait(lua_State *L);

/* ---- life ---- */

/* The status of a fiber that the end of the machine cut short. */
#define FIBER_ABANDONED (-1)

/* The longest name, in bytes. */
#define FIBER_NAME_MAX  255

/* Who makes a fiber and wants to hear of its end, or has names for such. */
struct fiber_maker {
    /*
     * NULL, or called from the loop when it has ended: `status` is 0 with the results on its stack
     * (fiber_state), a LUA_ERR… with the error there, or FIBER_ABANDONED. Without it an error is
     * logged. It may schedule fibers but not start them.
     */
    void (*ended)(struct fiber *fiber, void *context, int status);

    /* NULL, or makes the name of one that has got none otherwise, and says how long it is. Nobody
     * asks for the names of most fibers, so that is done when somebody does, and not any more when
     * `ended` has returned. */
    size_t (*name)(void *context, char name[FIBER_NAME_MAX + 1]);
};

/*
 * A fiber of the function and its `arguments` on top of `L`, which are popped. It does not run
 * before fiber_start or fiber_ready. It inherits the running fiber's owner. Throws in `L` when
 * memory is short.
 */
struct fiber *fiber_new(lua_State *L, int arguments);

/* From the loop: runs it at once. */
void fiber_start(struct fiber *fiber);

/* From anywhere: it runs when its turn comes. */
void fiber_schedule(struct fiber *fiber);

/*
 * From a C function of a running fiber, as its return value: runs the new fiber at once, and the
 * caller goes on, with the `results` values on top of its stack, when the new one waits or ends.
 * Where the caller may not wait, the new fiber is scheduled instead.
 */
int fiber_run_first(lua_State *L, struct fiber *fiber, int results);

/* NULL: nobody. */
void fiber_set_maker(struct fiber *fiber, const struct fiber_maker *maker, void *context);

/* The context if that is its maker, else NULL: who started it can find out what for. */
void *fiber_maker_context(const struct fiber *fiber, const struct fiber_maker *maker);

/* Whether its error is that it was cancelled, and nothing to complain about. */
bool fiber_ended_by_cancel(const struct fiber *fiber);

/* The error of an ended fiber with its traceback, for people: to be freed, NULL without
 * memory. Only from the `ended` callback. */
char *fiber_error_text(struct fiber *fiber);

/* ---- waiting ---- */

enum fiber_interrupt {
    FIBER_WAKEUP,  /* fiber:wakeup(): end the wait early if it makes sense */
    FIBER_CANCEL,  /* end the wait: fiber_wake must follow, now by fiber_schedule or later */
    FIBER_ABANDON, /* the machine ends: drop what is waited for, and do not wake */
};

typedef void fiber_interrupt_fn(struct fiber *fiber, enum fiber_interrupt why);

/* To be returned by the C function that waits. All that is on its stack stays alive meanwhile. */
int fiber_wait(lua_State *L, struct fiber *fiber, fiber_interrupt_fn *interrupt);

/* From the loop: ends the wait and runs the fiber. The `results` values on top of vm_main are moved
 * to it as what the function that waited returns. */
void fiber_wake(struct fiber *fiber, int results);

/* The same from anywhere: ends the wait, and the fiber runs when its turn comes. */
void fiber_wake_later(struct fiber *fiber, int results);

/*
 * To be returned: waits in a queue (NULL: in none) until it is woken from there, until the
 * deadline, or until somebody wakes it up or cancels it. The result is one value: true if it was
 * woken from the queue.
 */
int fiber_wait_in(lua_State *L, struct list *queue, uint64_t deadline);

/* From anywhere: wakes the first of a queue, or all. False if there was none. */
bool fiber_wake_first(struct list *queue);
void fiber_wake_all(struct list *queue);

/* To be returned by a C function that did not wait, with its `results` on top of the stack: now
 * and then the fiber makes room for others first. */
int fiber_did_not_wait(lua_State *L, struct fiber *fiber, int results);

/* The same of a call that has not even entered the kernel. */
int fiber_hardly_worked(lua_State *L, struct fiber *fiber, int results);

/* Makes room for others. To be returned. */
int fiber_yield(lua_State *L);

/* What a cancelled fiber's calls throw. */
#define FIBER_CANCELLED "fiber is cancelled"

/* Throws it in a cancelled fiber. */
void fiber_test_cancel(lua_State *L);

/*
 * For those who resume coroutines of a script's own within a fiber: pushes a table whose first
 * element is true while such a coroutine, preempted by the clock, has yielded. Its resumer must
 * yield in turn, and resume it when it goes on.
 */
void fiber_push_preempted(lua_State *L);

/*
 * For the same, where it cannot yield, since a C function has called back: the wait of the fiber
 * that was about to be handed on does not take place. Returns how many of the values on the stack
 * are what the coroutine goes on with; -1 after a wait that it cannot do without.
 */
int fiber_stay(lua_State *L);

/* For an error handler: whether the error is one of the clock's, which no handler of a script's may
 * meet, since the clock stands still in it. */
bool fiber_hook_throws(lua_State *L);

/* ---- what others may do to it ---- */

void fiber_cancel(struct fiber *fiber);
void fiber_wakeup(struct fiber *fiber);

/* Ends, as if cancelled, one that a script has made and that has not begun to run; false: it is
 * none. From outside of fibers. */
bool fiber_call_off(struct fiber *fiber);
bool fiber_is_cancelled(const struct fiber *fiber);
bool fiber_is_running(const struct fiber *fiber);

/* The living fiber of that number, or NULL. */
struct fiber *fiber_find(struct vm *vm, uint64_t id);

/* All living fibers, in no order. `fn` may end none but the one that it gets. */
void fiber_each(struct vm *vm, void (*fn)(void *context, struct fiber *fiber), void *context);

/*
 * The same in pieces, for those who have time: where a walk through all fibers stands, zero at its
 * beginning. Each call goes on with some hundreds of them, and returns false when it has seen all
 * that lived from its beginning to its end.
 */
struct fiber_walk {
    size_t bucket, buckets;
};

bool fiber_walk(struct vm *vm, struct fiber_walk *walk,
                void (*fn)(void *context, struct fiber *fiber), void *context);

/* ---- what belongs to it ---- */

uint64_t fiber_id(const struct fiber *fiber);
lua_State *fiber_state(const struct fiber *fiber);
struct vm *fiber_vm(const struct fiber *fiber);

/* At most FIBER_NAME_MAX bytes; without one it is "lua". -ENAMETOOLONG, -ENOMEM. */
const char *fiber_name(struct fiber *fiber);
int fiber_set_name(struct fiber *fiber, const char *name, size_t length);

/* The uid for which it works. */
uid_t fiber_owner(const struct fiber *fiber);
void fiber_set_owner(struct fiber *fiber, uid_t owner);

/* Where its code came from: a number of 32 bits whose meaning is the machine's user's. 0, unless it
 * inherits the running fiber's. */
uint64_t fiber_origin(const struct fiber *fiber);
void fiber_set_origin(struct fiber *fiber, uint64_t origin);

/* The number of the fiber at the beginning of those that made each other down to this one: its own
 * when it was made from outside of any. */
uint64_t fiber_root(const struct fiber *fiber);

/* Whether somebody outside, a peer or a client, waits for its end. Not inherited. */
bool fiber_is_attended(const struct fiber *fiber);
void fiber_set_attended(struct fiber *fiber);

/* Whether it counts against its owner's account: a note for who keeps the accounts. */
bool fiber_is_charged(const struct fiber *fiber);
void fiber_set_charged(struct fiber *fiber);

/* Whether it ended, or is about to, since it used too much: time, memory, or what fiber_set_greedy
 * was called for. */
bool fiber_was_greedy(const struct fiber *fiber);
void fiber_set_greedy(struct fiber *fiber);

/* The last error of the calls it made: a positive errno, or 0. */
int fiber_errno(const struct fiber *fiber);
void fiber_set_errno(struct fiber *fiber, int error);

/* How often it ran. */
uint32_t fiber_switches(const struct fiber *fiber);

/* Pushes a table that is the fiber's own until its end. */
void fiber_push_storage(lua_State *L, struct fiber *fiber);

/* vm_config.extra bytes, aligned to 8, zero at its beginning; and whose they are. */
void *fiber_extra(struct fiber *fiber);
struct fiber *fiber_of_extra(void *extra);

/* ---- joining: an ended joinable fiber waits until somebody has taken its results ---- */

void fiber_set_joinable(struct fiber *fiber, bool joinable);
bool fiber_is_joinable(const struct fiber *fiber);

/* Whether it has ended and only waits to be joined. */
bool fiber_is_dead(const struct fiber *fiber);

/* To be returned: waits for the end of `fiber`, as fiber_wait_in does; then ask again whether it is
 * dead. */
int fiber_wait_end(lua_State *L, struct fiber *fiber);

/* Moves what a dead fiber left behind, `true` and its results or `false` and its error, to `L`,
 * and frees it. Returns how many values. */
int fiber_reap(lua_State *L, struct fiber *fiber);
