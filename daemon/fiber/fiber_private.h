/*
 * What the files of this folder share: the machine and the fiber from the inside.
 */
#pragma once

#include "fiber/fiber.h"
#include "fiber/vm.h"
#include "loop/loop.h"
#include "util/error.h"
#include "util/list.h"

#include <time.h>

enum { VM_MAGIC = 0x766d2121, FIBER_MAGIC = 0x66696272 };

enum fiber_state {
    FIBER_NEW,
    FIBER_READY,   /* in the queue of those, or of creators that go on */
    FIBER_RUNNING, /* the one that runs */
    FIBER_WAITING, /* `interrupt` knows for what */
    FIBER_QUEUED,  /* waits as fiber_wait_in says */
    FIBER_DEAD,    /* joinable and not joined yet */
};

/* What few fibers have. */
struct fiber_rare {
    char *name; /* NULL: none was given */
    struct list joiners;
    const lua_State *pressing; /* the coroutine that is overdrawn, if the fiber presses */
};

/* There is one for every connection, so it is small; what a run and a wait touch stands first. */
struct fiber {
    unsigned magic;
    uint8_t state;
    bool joinable : 1, cancelled : 1;
    bool exhausted : 1; /* used up its CPU time: it is to end at its next instruction */
    bool overdrawn : 1; /* took memory beyond the limit: may throw at its next instruction */
    bool pressing : 1;  /* and has begun to collect garbage before that */
    bool refused : 1;   /* and has thrown */
    bool stored : 1;    /* has a storage table */
    bool attended : 1;  /* somebody outside waits for its end */
    bool unjoined : 1;  /* dead, and counted as such */
    bool charged : 1;   /* to an account, by who uses the machine */
    bool greedy : 1;    /* asked for more than it may have */
    bool informed : 1;  /* has had the error of its cancellation */
    bool warned : 1;    /* stayed too long within C since it last waited: has less grace */
    uint8_t immediate;  /* calls in a row that did not wait, at most SCHEDULE_IMMEDIATE */
    int8_t status;      /* of a dead one: lua_resume's */
    lua_State *L;
    union {
        struct list link;              /* ready or queued: in its queue */
        fiber_interrupt_fn *interrupt; /* waiting */
    };
    union {
        int results;             /* new or ready: the values on its stack to go on with */
        struct loop_timer timer; /* queued */
    };
    int error;
    uint32_t younger; /* its number less its creator's; 0: nobody's, or too much */
    uint32_t cycles;  /* of the collector, at which it has pressed enough */
    uint64_t burned; /* nanoseconds of CPU time since it last waited, as far as they were noticed */
    uint32_t switches;
    int anchor; /* in the registry: keeps `L` */
    uid_t owner;
    uint32_t origin;
    uint64_t id, root;
    struct fiber *next; /* in its bucket of the machine's table, or among the spare */
    const struct fiber_maker *maker;
    void *maker_context;
    struct fiber_rare *rare; /* NULL: nothing of it */
    uint64_t extra[];
};

/* When the hook of preempt.c runs. */
enum preempt_mode {
    PREEMPT_OFF,
    PREEMPT_COUNTING, /* every so many instructions */
    PREEMPT_AT_ONCE,  /* before the next one */
};

/* What vm_protect calls. */
struct vm_call {
    lua_CFunction fn;
    void *argument;
};

struct vm {
    unsigned magic;
    lua_State *L;
    struct loop *loop;
    void *context;
    uid_t uid;           /* of the process: the owner of what no fiber makes */
    struct vm_call call; /* that is about to begin */

    /* memory */
    struct slabs *slabs;
    size_t used, limit;
    size_t line;  /* what is beyond it is overdrawn: the limit, or a little more for those who
                     were refused something */
    size_t last;  /* what is beyond it is refused */
    size_t tight; /* collecting is worth it from here on: the collector's own threshold is a
                     multiple of what was alive, which may be beyond the limit */
    void (*at_once)(struct vm *vm); /* preempt_at_once, once there is a state */
    uint64_t next_relief;           /* when to collect again while memory stays near its limit */
    uint64_t next_press;            /* the same for where nobody can yield */
    uint64_t hurry_start;
    uint64_t next_drop;     /* when to drop compiled code again while memory stays near its limit */
    uint32_t cycles;        /* that the collector has completed in pieces of ours */
    bool hurry;             /* garbage is being collected because memory is short */
    bool drops_traces;      /* and compiled code is to go before that */
    uint8_t rounds;         /* of the collector since the machine rests */
    size_t restless;        /* above this there is garbage to collect when the machine rests */
    uint64_t rest_turn;     /* the last turn when `rest` was started */
    struct loop_timer rest; /* for that */

    /* running */
    struct fiber *current;
    struct list ready;
    struct list nested; /* creators whose new fiber runs first; the next to run in front */
    struct loop_task task;
    volatile uint64_t turn_start;   /* by the monotonic clock; 0: nobody has looked yet */
    volatile uint64_t turn_cpu;     /* CPU time of the thread at that moment, or when it was last
                                       charged to somebody */
    uint64_t turn;                  /* counts */
    uint64_t runs;                  /* of fibers; counts */
    volatile uint64_t ticked_run;   /* the one that the last tick has found */
    volatile uint64_t over;         /* the last one that has lasted for a slice */
    volatile uint64_t tick_cpu;     /* CPU time of the thread at the last tick */
    volatile uint64_t ticked_round; /* when the round of the loop began that the last tick met */
    volatile bool late; /* the next one met it too: who is woken in it waits for his turn */
    uint64_t cpu_limit; /* nanoseconds that a fiber may burn; UINT64_MAX: any */
    uint64_t grace;     /* those within a C function, or after its cancellation */
    int preempted;      /* registry: a table whose [1] is true while a hook unwinds coroutines */
    bool jit;
    bool ticking;                /* there is a clock */
    volatile bool changing_mode; /* of the hook */
    volatile enum preempt_mode mode;
    timer_t clock;
    bool unwinding;         /* a coroutine of the script's own was preempted, see `preempted` */
    volatile bool debugged; /* the script has a hook of its own, and there is but one */
    bool throwing;          /* the hook, and nothing has run since */
    bool throw_cancel;      /* the hook is to tell the running fiber that it is cancelled */
    char place[LUA_IDSIZE + 16]; /* "file:line: " of the fiber that was stopped last */

    /* all fibers that live, by number */
    struct fiber **buckets;
    size_t bucket_count;    /* a power of two */
    size_t count, unjoined; /* the latter are dead */
    uint64_t last_id;
    size_t extra;
    void (*release)(void *extra);
    void (*ended)(struct vm *vm);
    void (*paused)(struct vm *vm);

    struct fiber *spare; /* with coroutines that ended well */
    size_t spare_count;
};

/* ---- vm.c ---- */

int vm_table_init(struct vm *vm);

/* NULL without memory. */
struct fiber_rare *fiber_make_rare(struct fiber *fiber);

/* Gives it a number. */
void vm_table_add(struct vm *vm, struct fiber *fiber);
void vm_table_remove(struct vm *vm, struct fiber *fiber);

/* ---- protect.c ---- */

/* Of a new state, before vm_protect. Throws when memory is short. */
void protect_open(lua_State *L);
void protect_push(lua_State *L);

/* ---- memory.c ---- */

/* Of the state: counts, and refuses what is beyond the limit. */
void *memory_allocate(void *context, void *block, size_t old_size, size_t new_size);

/* While the state ends: so that vm_of finds no machine. */
void *memory_allocate_last(void *context, void *block, size_t old_size, size_t new_size);

/* Before there is a state: without a limit. -ENOMEM. */
int memory_init(struct vm *vm);

/* Of the complete machine, from now on. */
void memory_limit(struct vm *vm, size_t limit);

/* After the end of the state. */
void memory_deinit(struct vm *vm);

/* What does not count as Lua's. NULL when there is none; `size` is the same for both. */
void *memory_take(struct vm *vm, size_t size);
void memory_give(struct vm *vm, void *block, size_t size);

/* The running fiber, if one runs, got memory that is not there: it is to hear of it. */
void memory_overdrawn(struct vm *vm);

/* Whoever was refused something gets a little more, to do what it takes to get along with less. */
void memory_raise_line(struct vm *vm);

/* What was too much is so no more, or less so. */
void memory_lower_line(struct vm *vm);

/* ---- memory_collect.c ---- */

enum memory_press {
    MEMORY_PRESSED,  /* enough, for now */
    MEMORY_PRESSING, /* goes on in the fiber's next slice */
};

/* From the hook of an overdrawn fiber, in its running coroutine: collects garbage for a while.
 * Throws when it did not help. */
enum memory_press memory_press(struct vm *vm, struct fiber *fiber, lua_State *L);

/* There is much garbage: it is collected soon, whatever the machine does meanwhile. LuaJIT does not
 * do it to make room, so that what a failed script has left behind would fail others. From outside
 * of fibers. */
void memory_starve(struct vm *vm);

/* The same when memory is near its limit, if it was not for nothing lately. */
void memory_collect_some(struct vm *vm);

static inline void memory_relieve(struct vm *vm)
{
    if (__builtin_expect(vm->used > vm->tight, 0))
        memory_collect_some(vm);
}

/* The machine has run: when it rests, the garbage is to go. */
void memory_wait_for_rest(struct vm *vm);

static inline void memory_look(struct vm *vm)
{
    if (vm->used > vm->restless && !loop_timer_runs(&vm->rest))
        memory_wait_for_rest(vm);
}

/* ---- schedule.c ---- */

void schedule_init(struct vm *vm);
void schedule_ready(struct vm *vm, struct fiber *fiber, int results);
void schedule_deinit(struct vm *vm);

/* Whatever it waits for, if it does. */
void schedule_interrupt(struct fiber *fiber, enum fiber_interrupt why);

/* From the loop: runs the fiber, and those that it lets run first. */
void schedule_turn(struct vm *vm, struct fiber *fiber);

/* ---- fiber.c ---- */

void fiber_end(struct fiber *fiber, int status);
void fiber_abandon(struct fiber *fiber);
void fiber_free_spare(struct vm *vm);

/* ---- preempt.c ---- */

/* Throws in vm's state when memory is short. */
void preempt_init(struct vm *vm);

void preempt_deinit(struct vm *vm);

/* The turn begins now, or nearly so. */
void preempt_note_start(struct vm *vm);

/* Lets the hook run before the next instruction. */
void preempt_at_once(struct vm *vm);

/* Before a fiber is resumed, the first or another one in a turn. The others never take back what
 * the clock has said of the turn. */
void preempt_arm(struct vm *vm, const struct fiber *fiber);
void preempt_arm_nested(struct vm *vm, const struct fiber *fiber);

/* After each resume in a turn whose start is noted: the fiber has burned what the turn has taken
 * since then, or since the last charge. */
void preempt_charge(struct vm *vm, struct fiber *fiber);

/* Whether others are to have their turn now. */
bool preempt_turn_is_over(const struct vm *vm);

/* After each resume: a coroutine of the script's own may have been preempted, and all that resumed
 * each other down to it have yielded now. */
void preempt_settle(struct vm *vm);

/* From within one that resumes: the coroutine that was preempted has to go on at once. */
void preempt_stay(struct vm *vm, lua_State *L);

/* Puts the reason on top of the stack of a fiber that was exhausted, and is never to run again. */
void preempt_leave_reason(struct vm *vm, struct fiber *fiber);
