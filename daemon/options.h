/*
 * The options of `sockd`, all from one table: how they are parsed, what they default to, what
 * --help says.
 */
#pragma once

#include "rpc/quota.h"
#include "util/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

enum options_command {
    OPTIONS_SERVE, /* sockd […]: the daemon */
    OPTIONS_RUN,   /* sockd run […] script.lua [argument…] */
    OPTIONS_HELP,
    OPTIONS_VERSION,
};

struct options {
    enum options_command command;

    /* The control socket: NULL for the default path (control.h). */
    const char *socket_path;
    bool has_socket_mode, has_socket_group, has_admin_group;
    mode_t socket_mode;
    gid_t socket_group, admin_group;

    /* Files and folders of handler scripts, in order; pointers into argv. */
    const char **load;
    size_t load_count;

    /* Lua. */
    bool jit, ffi, nonblock;
    size_t lua_memory;  /* bytes; 0: the machine's own default */
    double handler_cpu; /* seconds that a fiber may run without waiting; 0: as above */

    enum log_level log_level;
    double grace; /* seconds between the request to end and the end */

    /* 0: the layer's own default. */
    size_t max_sockets, max_readahead;
    struct quota_limits quota;

    /* OPTIONS_RUN: the script and its arguments, the rest of argv. */
    char **arguments;
    int argument_count;
};

/*
 * 0, or -EINVAL with a sentence in `reason` (no line break) that names the option; -ENOMEM.
 * Strings point into argv. options_deinit ends it in either case.
 */
int options_parse(struct options *options, int argc, char **argv, char *reason, size_t size);
void options_deinit(struct options *options);

/* What `--help` prints. */
void options_help(FILE *out);
