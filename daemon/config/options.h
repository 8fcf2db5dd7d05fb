/*
 * The options of `sockd`, all from one table (options_table.c): how the command line and the
 * configuration file are read, what an option defaults to, what --help, the manual pages and the
 * example of a configuration say.
 *
 * What the command line says goes before what the file says, which goes before the defaults.
 */
#pragma once

#include "util/log.h"
#include "util/quota.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

enum options_command {
    OPTIONS_SERVE, /* sockd […]: the daemon */
    OPTIONS_RUN,   /* sockd run […] script.lua [argument…] */
    OPTIONS_CHECK, /* sockd check […] file… */
    OPTIONS_HELP,
    OPTIONS_VERSION,
};

struct options_kept; /* a text that is the options' own */

struct options {
    enum options_command command;

    const char *config; /* the configuration file; NULL: none */

    /* The control socket: NULL for the default path (control.h). */
    const char *socket_path, *state_dir;
    bool has_socket_mode, has_socket_group, has_admin_group;
    mode_t socket_mode;
    gid_t socket_group, admin_group;
    unsigned allow; /* what is not for administrators only: bits of rpc/access.h */

    /* Files and folders of handler scripts: the configuration file's, then the command line's. */
    const char **load;
    size_t load_count;
    double load_timeout; /* seconds that a reload may take */

    /* Lua. */
    bool jit, ffi, nonblock;
    size_t lua_memory;    /* bytes */
    double handler_cpu;   /* seconds that a fiber may run without waiting */
    double grace_c;       /* and within a call of C, or once it is cancelled */
    size_t pattern_steps; /* that one match of a pattern may take */

    enum log_level log_level;
    size_t handler_log; /* lines a second that a handler may log */
    double hang;        /* seconds that a round of the loop may take; 0: any time */
    double grace;       /* seconds between the request to end and the end */

    size_t max_sockets; /* 0: what the limit of descriptors leaves */
    size_t max_readahead;
    struct quota_limits quota;

    /* OPTIONS_RUN: the script and its arguments; OPTIONS_CHECK: the files. The rest of argv. */
    char **arguments;
    int argument_count;

    struct options_kept *kept;
};

/*
 * Reads the command line and the configuration file that it names. 0, or -EINVAL with a sentence in
 * `reason` (no line break, nothing that a terminal would obey) that names the option, and the file
 * and its line if it stands there; -ENOMEM. Strings point into argv or are kept; options_deinit
 * ends it in either case.
 */
int options_parse(struct options *options, int argc, char **argv, char *reason, size_t size);

/* All of them at their defaults; options_deinit as above. -ENOMEM. */
int options_init(struct options *options);
void options_deinit(struct options *options);

/* What `--help` prints. */
void options_help(FILE *out);

/* What the build makes of the table: an example of a configuration file in which every option
 * stands, commented out; the options' section of a manual page, as scdoc(5) has it, of the command
 * line or of the configuration file. */
void options_example(FILE *out);
void options_manual(FILE *out);
void options_manual_file(FILE *out);
