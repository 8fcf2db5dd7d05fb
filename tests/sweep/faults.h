/*
 * The page that a sweep shares with the program under test: the sweep writes what is to fail, the
 * library (faults.c) writes what it has seen. tests/sweep/faults.py knows the same layout.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum faults_mode {
    FAULTS_OFF,   /* calls go through unseen */
    FAULTS_COUNT, /* they are counted */
    FAULTS_FAIL,  /* and some fail */
};

enum {
    FAULTS_CALLS = 512,                 /* numbers of system calls, and the last of others */
    FAULTS_ALLOCATE = FAULTS_CALLS - 1, /* malloc(3), calloc(3), realloc(3) */
    FAULTS_LUA_BLOCK =
        FAULTS_CALLS - 2, /* one that Lua asks for: the kernel has none (lua_faults.c) */
    FAULTS_LUA_LIMIT = FAULTS_CALLS - 3, /* and --lua-memory is all used */
    FAULTS_SPARED = 64,
    FAULTS_FRAMES = 24,
};

/* Addresses of the program's own code, from its beginning. */
struct faults_range {
    uint64_t begin, end;
};

struct faults {
    volatile uint8_t selector; /* the kernel's: 1: system calls come to us first */
    uint8_t mode, trace;
    uint8_t ready; /* the library is there: 1; without system calls: 2 */
    int32_t call, error;
    uint32_t spared_count;
    uint64_t first, last;        /* which of these calls fail, from 1 */
    uint64_t seen[FAULTS_CALLS]; /* since the mode was set */
    uint64_t failed;
    uint64_t base; /* where the program begins */
    uint32_t frame_count, death_count;
    int32_t death; /* the signal that killed it */
    uint32_t unused;
    uint64_t frames[FAULTS_FRAMES],
        death_frames[FAULTS_FRAMES];           /* of the first failure; of the end */
    struct faults_range spared[FAULTS_SPARED]; /* who always gets memory */
};

/* Whether Lua is refused this block; `kind` is one of FAULTS_LUA_…. */
bool faults_lua(int kind);
