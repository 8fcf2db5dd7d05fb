/*
 * A part of every program and library of a build with SOCKD_COVERAGE: gcov's counters reach the
 * disk however a process ends, and whoever it runs as.
 *
 * gcov writes at exit, next to the objects. A process that a signal ends would write nothing, and
 * one of another user may not write there; so each user's counters have a folder of their own, in
 * one that everybody may write to. scripts/coverage.py adds them up.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void __gcov_dump(void);
void __gcov_reset(void);

static void choose_folder(void)
{
    char folder[sizeof SOCKD_COVERAGE_FOLDER + 32];
    (void)snprintf(folder, sizeof folder, "%s/%u", SOCKD_COVERAGE_FOLDER, (unsigned)geteuid());
    (void)mkdir(folder, 0755);
    (void)setenv("GCOV_PREFIX", folder, 1);
}

/* Before gcov's own, which writes. */
static void at_exit(void) __attribute__((destructor));

static void at_exit(void)
{
    choose_folder();
}

/* Not safe in a handler by any standard; but at worst the process ends here all the same. */
static void on_end(int number)
{
    choose_folder();
    __gcov_dump();
    (void)raise(number);
}

/* Where nobody else decides what the signal does. A program that does so later has its way. */
static void at_start(void) __attribute__((constructor));

static void at_start(void)
{
    static const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGALRM, SIGABRT};
    struct sigaction before,
        action = {.sa_handler = on_end, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};
    choose_folder(); /* exec(3) writes too */
    for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (sigaction(ends[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            (void)sigaction(ends[i], &action, NULL);
}
