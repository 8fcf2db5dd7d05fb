/*
 * What the loop's thread says of itself for its watchman (loop/guard.h), who is another thread:
 * that a round has begun or ended, and that it is in a system call which a signal may cut short.
 * Each costs a store or two.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* On what the watchman sleeps. */
enum {
    PULSE_TICKS, /* until his next tick */
    PULSE_DOZES, /* until a round begins */
    PULSE_ENDS,  /* he is to end */
};

/* In a cache line of its own: two processors use it. */
struct pulse {
    _Alignas(64) _Atomic uint64_t round; /* odd while one is under way */
    _Atomic uint64_t call;               /* odd in such a system call */
    _Atomic uint64_t cut;                /* the last one that the watchman has cut short */
    _Atomic uint32_t bell;
};

extern struct pulse pulse;

/* Wakes the watchman, if he dozes. */
void pulse_ring(void);

/* Only the loop's thread writes these. */
static inline void pulse_step(_Atomic uint64_t *count)
{
    uint64_t before = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, before + 1, memory_order_relaxed);
}

static inline void pulse_begin_round(void)
{
    pulse_step(&pulse.round);
    atomic_signal_fence(memory_order_seq_cst); /* the watchman sees to the processors' order */
    if (__builtin_expect(atomic_load_explicit(&pulse.bell, memory_order_relaxed) == PULSE_DOZES, 0))
        pulse_ring();
}

static inline void pulse_end_round(void)
{
    pulse_step(&pulse.round);
}

/*
 * Around a system call of the loop's thread that may wait for others. If it does for some 20
 * milliseconds it is cut short: it fails with EINTR, if that is an outcome, and asking again would
 * wait again.
 */
static inline void pulse_enter_call(void)
{
    pulse_step(&pulse.call);
}

static inline void pulse_leave_call(void)
{
    pulse_step(&pulse.call);
}

/* Whether the present one was cut short; to be asked before the call is left. */
static inline bool pulse_was_cut(void)
{
    return __builtin_expect(atomic_load_explicit(&pulse.cut, memory_order_relaxed) ==
                                atomic_load_explicit(&pulse.call, memory_order_relaxed),
                            0);
}
