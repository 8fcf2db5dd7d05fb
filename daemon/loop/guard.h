/*
 * The watchman: a thread that looks after the loop's.
 *
 * It cuts short a system call of the loop's that waits (util/pulse.h), since everybody would wait
 * with it. And when no round of the loop has ended for too long it reports what the loop's thread
 * is at and ends the process by SIGABRT, for a service manager to start another one.
 *
 * Time counts only while the watchman's own ticks come on time and the loop's thread gets to run:
 * a process that was stopped, a machine that slept, and one that is overloaded are no hang; nor is
 * a process under a debugger. While no round is under way the watchman sleeps.
 *
 * There is one of it in a process, and it looks after the thread that starts it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Writes into `out` what the loop's thread is at, lines without a break at the end. Called in the
 * watchman's thread while the loop's is held: it must not wait, and may fail by a signal. */
typedef void guard_describe_fn(void *context, char *out, size_t size);

/* 0, or a negative error of the thread's creation. From now on calls are cut short. */
int guard_start(void);

/* From now on a round that takes `seconds` (0: any time) ends the process. */
void guard_watch(double seconds, guard_describe_fn *describe, void *context);

/* Ends the thread. Nothing if there is none. */
void guard_stop(void);
