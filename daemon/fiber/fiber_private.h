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
    FIBER_READY,   /* in a queue, with `results` values on its stack to go on with */
    FIBER_RUNNING, /* the one that runs */
    FIBER_WAITING, /* `interrupt` knows for what */
    FIBER_DEAD,    /* joinable and not joined yet */
};

struct fiber {
    unsigned magic;
    uint8_t state;
    bool joinable, cancelled;
    bool exhausted;    /* used up its CPU time: whatever it does from now on throws */
    bool stored;       /* has a storage table */
    bool attended;     /* somebody outside waits for its end */
    bool nameless;     /* `name` holds who makes it */
    uint8_t immediate; /* calls in a row that did not wait */
    int anchor;        /* in the registry: keeps `L` */
    int results;
    int status; /* of a dead one: lua_resume's */
    int error;
    uid_t owner;
    uint32_t switches;
    lua_State *L;
    struct vm *vm;
    uint64_t id, root, origin;
    struct list link; /* ready, or in the queue of fiber_wait_in */
    struct list all;  /* in its bucket of the machine's table, or among the spare */
    struct list joiners;
    struct loop_timer timer; /* of fiber_wait_in */
    fiber_interrupt_fn *interrupt;
    fiber_ended_fn *ended;
    void *ended_context;
    union {
        char *text; /* NULL: the default */
        fiber_name_fn *make;
    } name;
    uint64_t burned; /* nanoseconds of CPU time in full slices since it last waited */
    max_align_t extra[];
};

/* When the hook of preempt.c runs. */
enum preempt_mode {
    PREEMPT_OFF,
    PREEMPT_COUNTING, /* every so many instructions */
    PREEMPT_AT_ONCE,  /* before the next one */
};

struct vm {
    unsigned magic;
    lua_State *L;
    struct loop *loop;
    void *context;
    uid_t uid; /* of the process: the owner of what no fiber makes */

    /* memory */
    struct slabs *slabs;
    size_t used, limit;
    size_t tight; /* collecting is worth it from here on: the collector's own threshold is twice
                     what was alive, which may be beyond the limit */
    uint64_t next_relief; /* when to collect again while memory stays near its limit */
    bool starved; /* memory was refused: garbage is to be collected at the next opportunity */

    /* running */
    struct fiber *current;
    struct list ready;
    struct list nested; /* creators whose new fiber runs first; the next to run in front */
    struct loop_task task;
    uint64_t turn_start; /* by the monotonic clock; 0: nobody has looked yet */
    uint64_t turn_cpu;   /* CPU time of the thread at that moment */
    uint64_t turn;       /* counts */
    uint64_t cpu_limit;  /* nanoseconds */
    int preempted;       /* registry: a table whose [1] is true while a hook unwinds coroutines */
    bool jit;
    bool ticking;                /* there is a clock */
    volatile bool changing_mode; /* of the hook */
    volatile enum preempt_mode mode;
    volatile uint64_t ticked_turn; /* the turn that the last tick has found */
    timer_t clock;
    bool unwinding; /* a coroutine of the script's own was preempted, see `preempted` */

    /* all fibers that live, by number */
    struct list *buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    uint64_t last_id;
    size_t extra;
    void (*release)(void *extra);
    void (*ended)(struct vm *vm);
    void (*paused)(struct vm *vm);

    struct list spare; /* with coroutines that ended well */
    size_t spare_count;
};

/* ---- vm.c ---- */

/* There is garbage worth collecting at the next opportunity. */
void vm_starve(struct vm *vm);

/* Collects it, and also when memory is near its limit. From outside of fibers. */
void vm_collect_some(struct vm *vm);

static inline void vm_relieve(struct vm *vm)
{
    if (__builtin_expect(vm->starved || vm->used > vm->tight, 0))
        vm_collect_some(vm);
}

int vm_table_init(struct vm *vm);

/* Gives it a number. */
void vm_table_add(struct vm *vm, struct fiber *fiber);

/* ---- schedule.c ---- */

void schedule_init(struct vm *vm);
void schedule_ready(struct vm *vm, struct fiber *fiber, int results);
void schedule_deinit(struct vm *vm);

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

/* Before each resume. */
void preempt_arm(struct vm *vm, const struct fiber *fiber);

/* After each resume: a coroutine of the script's own may have been preempted, and all that resumed
 * each other down to it have yielded now. */
void preempt_settle(struct vm *vm);
