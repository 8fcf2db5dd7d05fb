/*
 * The inside of the runtime, for the files of this folder.
 */
#pragma once

#include "binding/binding.h"
#include "fiber/fiber.h"
#include "fiber/vm.h"
#include "loop/loop.h"
#include "scripts/runtime.h"
#include "scripts/script_list.h"
#include "util/list.h"

struct runtime {
    struct binding *binding;
    struct vm *vm;
    struct loop *loop;
    struct net *net;
    struct quota *accounts; /* NULL: nobody is charged */
    int environments;       /* registry: the environments of loaded scripts, in order */
    int eval;               /* registry: the environment of evals and of handlers given as text */
    struct list loads;

    /* generation.c */
    struct scripts configured; /* files and folders that a reload loads */
    struct scripts present;    /* the files of this generation */
    uint64_t generation;
    uint64_t last_origin;
    uint64_t load_timeout; /* nanoseconds */
    struct change *change; /* under way, or NULL */
    runtime_changed_fn *watcher;
    void *watcher_context;

    struct scripts program; /* the script of runtime_run */
};

/* The end: forgets a change that has not ended, before and after the end of the machine. */
void generation_stop(struct runtime *runtime);
void generation_deinit(struct runtime *runtime);
