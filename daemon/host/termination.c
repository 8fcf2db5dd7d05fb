/* See termination.h. What the handler uses is async-signal-safe (signal-safety(7)), and all that it
 * reads belongs to the thread in which it runs: the others block these signals. */
#include "host/termination.h"

#include "loop/loop.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* A round of the loop, or the end of the process, that takes longer than this hangs. */
#define TERMINATION_HANGS    (LOOP_SECOND / 10)

/* Seconds that an orderly end may take after the second signal. */
#define TERMINATION_PATIENCE 4

static struct {
    struct loop *loop; /* NULL: it has ended */
    struct loop_io io;
    termination_fn *fn;
    void *context;
    int event_fd;
    volatile sig_atomic_t came, number;
    sig_atomic_t heard;
    uint64_t ended; /* when the loop did */

    char path[PATH_MAX]; /* "": no file */
    dev_t device;
    ino_t inode;
} termination = {.event_fd = -1};

/* ---- in the handler ---- */

static void remove_file(void)
{
    struct stat now;
    if (termination.path[0] != 0 && lstat(termination.path, &now) == 0 &&
        now.st_dev == termination.device && now.st_ino == termination.inode)
        unlink(termination.path);
}

/* As the signal would have done without a handler. */
static void end_now(int number)
{
    sigset_t set;
    remove_file();
    sigemptyset(&set);
    sigaddset(&set, number);
    signal(number, SIG_DFL);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    _exit(128 + number);
}

static bool hangs(void)
{
    if (termination.loop == NULL)
        return loop_now() - termination.ended > TERMINATION_HANGS;
    return loop_is_late(termination.loop, TERMINATION_HANGS);
}

/* One that nobody has set comes from outside and means nothing. */
static void on_alarm(int number)
{
    (void)number;
    if (termination.came >= 2)
        end_now((int)termination.number);
}

static void on_signal(int number)
{
    int saved = errno;
    termination.number = number;
    termination.came = termination.came + 1;
    if (termination.came > 2 || (termination.came == 2 && hangs()))
        end_now(number);
    if (termination.came == 2)
        alarm(TERMINATION_PATIENCE);
    if (termination.event_fd >= 0)
        (void)eventfd_write(termination.event_fd, 1);
    errno = saved;
}

/* ---- in the loop ---- */

static void on_io(struct loop_io *io, unsigned events)
{
    (void)io, (void)events;
    eventfd_t count;
    (void)eventfd_read(termination.event_fd, &count);
    while (termination.heard < termination.came) {
        termination.heard++;
        termination.fn(termination.context, (int)termination.number);
    }
}

/* ---- life ---- */

static int catch_signals(void)
{
    static const struct {
        int number;
        void (*handler)(int number);
    } caught[] = {{SIGTERM, on_signal}, {SIGINT, on_signal}, {SIGALRM, on_alarm}};
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++) {
        struct sigaction action = {.sa_handler = caught[i].handler, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (sigaction(caught[i].number, &action, NULL) < 0)
            return -errno;
    }
    return 0;
}

int termination_start(struct loop *loop, termination_fn *fn, void *context)
{
    CLEANUP(close_fdp) int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    termination.fn = fn;
    termination.context = context;
    int result = loop_io_start(loop, &termination.io, fd, on_io);
    if (result < 0)
        return result;
    termination.loop = loop;
    termination.event_fd = STEAL_FD(fd);
    termination.came = termination.heard = 0;
    return catch_signals();
}

void termination_set_file(const char *path)
{
    struct stat status;
    if (strlen(path) >= sizeof termination.path || lstat(path, &status) < 0)
        return;
    termination.device = status.st_dev;
    termination.inode = status.st_ino;
    snprintf(termination.path, sizeof termination.path, "%s", path);
}

void termination_stop(void)
{
    if (termination.loop == NULL)
        return;
    loop_io_stop(termination.loop, &termination.io);
    termination.ended = loop_now();
    termination.loop = NULL;
    int fd = STEAL_FD(termination.event_fd);
    close(fd);
}
