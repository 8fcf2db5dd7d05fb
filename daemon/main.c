/* sockd: parse, prepare, serve. */
#include "check.h"
#include "config/options.h"
#include "host/process.h"
#include "run.h"
#include "serve.h"
#include "util/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The conventional status of a command that was called wrongly. */
enum { EXIT_USAGE = 2 };

/* What was printed is out, or that is the failure. */
static int finish_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_SUCCESS;
    fprintf(stderr, "sockd: standard output: %s\n", strerror(errno));
    return EXIT_FAILURE;
}

static int print_version(void)
{
    puts("sockd " SOCKD_VERSION);
    return finish_output();
}

static int print_help(void)
{
    options_help(stdout);
    return finish_output();
}

static int obey(const struct options *options)
{
    switch (options->command) {
    case OPTIONS_HELP:
        return print_help();
    case OPTIONS_VERSION:
        return print_version();
    case OPTIONS_RUN:
        return run_script(options);
    case OPTIONS_CHECK:
        return check_files(options);
    case OPTIONS_SERVE:
        return serve(options);
    }
    return EXIT_FAILURE;
}

/* To a person in a sentence; to the journal as an error. */
static int complain(const char *reason)
{
    if (log_is_journal())
        log_write(LOG_ERROR, "%s", reason);
    else
        fprintf(stderr, "sockd: %s\n", reason);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct options options = {.command = OPTIONS_SERVE};
    char reason[1024] = "not enough memory";
    int status;
    process_prepare();
    process_keep(log_start(STDERR_FILENO, LOG_INFO));
    if (options_parse(&options, argc, argv, reason, sizeof reason) < 0) {
        status = complain(reason);
    } else {
        log_set_level(options.log_level);
        status = obey(&options);
    }
    options_deinit(&options);
    return status;
}
