/*
 * Running scripts in the runtime, one after the other.
 */
#pragma once

#include "scripts/script_list.h"

#include <stdint.h>

struct load;
struct runtime;

struct load_request {
    const struct scripts *scripts; /* must outlive the load */
    uint64_t origin;               /* of their fibers; binding/origin.h */
    int environments;              /* registry: the list that gets an environment for each */

    char **arguments; /* the main program's, whose file is the only one; else NULL */
    int argument_count;

    /* Once, from the loop, unless the load is aborted: all have returned (0), or what went wrong,
     * with a traceback: -EREMOTEIO if it is the script's own error, otherwise -ENOMEM. The load is
     * gone by then. */
    void (*done)(void *context, int error, const char *text);
    void *context;
};

/* -ENOMEM. */
int load_begin(struct runtime *runtime, const struct load_request *request, struct load **out);

/* The script that runs is cancelled, and the load is gone. */
void load_abort(struct load *load);

/* Forgets loads that have not ended, after the end of the machine. */
void load_abandon_all(struct runtime *runtime);
