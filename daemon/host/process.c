/* What concerns the process as a whole; the contract is in process.h. */
#include "host/process.h"

#include "util/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* A bit for each descriptor that was open at the start, of those that anybody passes on. */
enum { REMEMBERED = 1024, BITS = 64 };
static uint64_t open_at_start[REMEMBERED / BITS];

/* The same of those that were passed in for others than the program itself. */
static uint64_t inherited[REMEMBERED / BITS];

static void set_bit(uint64_t *bits, int fd)
{
    bits[fd / BITS] |= UINT64_C(1) << fd % BITS;
}

static void clear_bit(uint64_t *bits, int fd)
{
    bits[fd / BITS] &= ~(UINT64_C(1) << fd % BITS);
}

static bool has_bit(const uint64_t *bits, int fd)
{
    return fd >= 0 && fd < REMEMBERED && (bits[fd / BITS] >> fd % BITS & 1);
}

static void open_standard_descriptors(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd)
            abort();
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        log_write(LOG_WARN, "cannot raise the limit of descriptors: %s", strerror(errno));
}

/* Signals that say nothing to the program and would end it. A limit on the size of files makes
 * write(2) fail with EFBIG instead. */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2, SIGALRM,   SIGVTALRM,
                                  SIGPROF, SIGIO,   SIGPWR,  SIGXCPU, SIGSTKFLT, SIGTRAP};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        signal(number, SIG_IGN);
}

void process_set_name(const char *name)
{
    (void)prctl(PR_SET_NAME, name);
}

void process_keep(int fd)
{
    if (fd >= 0 && fd < REMEMBERED)
        set_bit(open_at_start, fd);
}

static void note_open(int fd)
{
    set_bit(open_at_start, fd);
    if (fd > STDERR_FILENO)
        set_bit(inherited, fd);
}

bool process_is_inherited(int fd)
{
    return has_bit(inherited, fd);
}

void process_prepare(void)
{
    open_standard_descriptors();
    for (int fd = 0; fd < REMEMBERED; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            note_open(fd);
    ignore_signals();
    raise_descriptor_limit();
}

void process_adopt(int fd)
{
    if (fd >= REMEMBERED)
        return;
    clear_bit(open_at_start, fd);
    clear_bit(inherited, fd);
}

void process_leave(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

int process_check_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return 0;
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        char target[256] = "";
        int fd = (int)strtol(entry->d_name, NULL, 10);
        if (entry->d_name[0] == '.' || fd == dirfd(dir) || has_bit(open_at_start, fd))
            continue;
        if (readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1) < 0)
            continue;
        log_write(LOG_WARN, "at the end descriptor %d is still open: %s", fd, target);
        count++;
    }
    closedir(dir);
    return count;
}
