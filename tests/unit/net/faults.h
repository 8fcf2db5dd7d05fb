/*
 * System calls and allocations that fail on demand, in the place of the real ones (-Wl,--wrap=…).
 * Of the calls only those are touched that are made on descriptors which sockets of the net own.
 */
#pragma once

#include <stdbool.h>

enum fault_call { FAULT_RECV, FAULT_SEND, FAULT_ACCEPT, FAULT_CONNECT, FAULT_CALLS };

/* What a call shall do: an errno, or one of these. */
enum { FAULT_GO = 0, FAULT_ONE_BYTE = -1 };

/* The next calls do what the list of `count` steps says, over and over. */
void faults_plan(enum fault_call call, const int *steps, unsigned count);

/* The next calls fail with `error`, `times` times. */
void faults_fail(enum fault_call call, int error, unsigned times);

void faults_clear(void);

/* How many calls were made since the plan. */
unsigned faults_calls(enum fault_call call);

/* The allocation number `number` from now fails, from 1; 0: none. */
void faults_no_memory(unsigned number);

/* Has it failed? And since then allocations do not fail. */
bool faults_happened(void);

/* Every block of the pool, every thread, from now on. */
void faults_no_pool(bool none);
void faults_no_threads(bool none);
