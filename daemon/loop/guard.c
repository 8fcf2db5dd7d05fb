/* The watchman; see guard.h. */
#include "loop/guard.h"

#include "loop/loop.h"
#include "util/error.h"
#include "util/log.h"
#include "util/pulse.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* It does nothing where nobody handles it, so a late one is harmless. */
#define GUARD_SIGNAL   SIGURG

/* Between two looks; a call is cut short at the second look that finds it. */
#define GUARD_TICK     (LOOP_SECOND / 100)

/* A tick that is later than this was not on time. */
#define GUARD_PUNCTUAL (5 * GUARD_TICK)

/* Without rounds for so many ticks it dozes. */
#define GUARD_RESTLESS 20

/* How long the loop's thread may take to say where it is, in nanoseconds; and the whole report, in
 * seconds. */
#define GUARD_HEARING  LOOP_SECOND
#define GUARD_REPORT   5

enum { GUARD_FRAMES = 64, GUARD_TEXT = 16 << 10 };

/* What the watchman has seen at his ticks. */
struct seen {
    uint64_t at;           /* the last tick */
    uint64_t round, lasts; /* the round, and for how long it has been seen */
    uint64_t cpu;          /* of the loop's thread */
    uint64_t call;
    unsigned idle;
};

static struct {
    pthread_t thread, loop_thread;
    pid_t loop_tid;
    clockid_t loop_clock;
    bool started;
    bool fenced;           /* membarrier(2) works */
    _Atomic uint64_t hang; /* nanoseconds; 0: no watch */
    guard_describe_fn *describe;
    void *context;

    /* of the report */
    atomic_bool asked;
    _Atomic uint32_t answered;
    void *frames[GUARD_FRAMES];
    int frame_count;
} guard;

/* ---- in the loop's thread ---- */

/* Mostly only there to make a system call fail with EINTR. */
static void guard_on_signal(int number)
{
    (void)number;
    if (!atomic_load(&guard.asked))
        return;
    guard.frame_count = backtrace(guard.frames, GUARD_FRAMES);
    atomic_store(&guard.answered, 1);
    syscall(SYS_futex, &guard.answered, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    for (;;)
        pause();
}

/* ---- sleeping ---- */

/* Until the word has another value, or the time is over. */
static void guard_wait(_Atomic uint32_t *word, uint32_t value, uint64_t time)
{
    const struct timespec timeout = {(time_t)(time / LOOP_SECOND), (long)(time % LOOP_SECOND)};
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, time != LOOP_NEVER ? &timeout : NULL, NULL,
            0);
}

/*
 * Sleeps until a round begins. The loop's thread says that first and looks at the bell then,
 * without an order between the two that another processor must see: membarrier(2) makes one.
 */
static void guard_doze(void)
{
    uint32_t ticks = PULSE_TICKS;
    if (!atomic_compare_exchange_strong(&pulse.bell, &ticks, PULSE_DOZES))
        return;
    if (guard.fenced)
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    if (atomic_load(&pulse.round) % 2 == 0)
        guard_wait(&pulse.bell, PULSE_DOZES, guard.fenced ? LOOP_NEVER : LOOP_SECOND);
    uint32_t dozes = PULSE_DOZES;
    atomic_compare_exchange_strong(&pulse.bell, &dozes, PULSE_TICKS);
}

/* ---- what the loop's thread does ---- */

/* A file of its folder in /proc; empty if it cannot be read. */
static void guard_read_proc(const char *name, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/%s", (int)guard.loop_tid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, out, size - 1) : -1;
    out[length > 0 ? length : 0] = 0;
    if (fd >= 0)
        close(fd);
}

static uint64_t guard_loop_cpu(void)
{
    struct timespec now = {0};
    clock_gettime(guard.loop_clock, &now);
    return (uint64_t)now.tv_sec * LOOP_SECOND + (uint64_t)now.tv_nsec;
}

/* It would run if the machine let it. */
static bool guard_loop_is_starved(uint64_t ran)
{
    char text[256];
    if (ran >= GUARD_TICK / 10)
        return false;
    guard_read_proc("stat", text, sizeof text);
    const char *end = strrchr(text, ')'); /* of its name */
    return end != NULL && strncmp(end, ") R", 3) == 0;
}

static bool guard_is_traced(void)
{
    char text[1024];
    guard_read_proc("status", text, sizeof text);
    const char *tracer = strstr(text, "TracerPid:");
    return tracer != NULL && strtol(tracer + 10, NULL, 10) != 0;
}

/* ---- the report ---- */

static sigjmp_buf guard_rescue;

static void guard_on_fault(int number)
{
    (void)number;
    siglongjmp(guard_rescue, 1);
}

/* The description walks through what may be in the middle of a change. */
static void guard_describe(char *out, size_t size)
{
    struct sigaction action = {.sa_handler = guard_on_fault};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    out[0] = 0;
    if (guard.describe != NULL && sigsetjmp(guard_rescue, 1) == 0)
        guard.describe(guard.context, out, size);
    action.sa_handler = SIG_DFL;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

static size_t guard_add_frame(char *out, size_t size, void *frame)
{
    Dl_info info = {0};
    const char *file = "?";
    if (dladdr(frame, &info) != 0 && info.dli_fname != NULL)
        file = info.dli_fname;
    const char *slash = strrchr(file, '/');
    uintptr_t offset = (uintptr_t)frame - (uintptr_t)info.dli_fbase;
    int length = snprintf(out, size, "\n%s(+0x%zx) %s", slash != NULL ? slash + 1 : file,
                          (size_t)offset, info.dli_sname != NULL ? info.dli_sname : "");
    return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

/* Where the loop's thread is in C, or in which system call it waits. */
static void guard_add_place(char *out, size_t size, bool answered)
{
    size_t length = strlen(out);
    if (!answered) {
        char call[128];
        guard_read_proc("syscall", call, sizeof call);
        call[strcspn(call, "\n")] = 0;
        snprintf(out + length, size - length,
                 "%sit does not hear: it waits in the kernel, in system call %s",
                 length > 0 ? "\n" : "", call);
        return;
    }
    for (int i = 0; i < guard.frame_count; i++)
        length += guard_add_frame(out + length, size - length, guard.frames[i]);
}

/* Makes the loop's thread say where it is, and stop. */
static bool guard_ask(void)
{
    uint64_t deadline = loop_now() + GUARD_HEARING;
    atomic_store(&guard.asked, true);
    pthread_kill(guard.loop_thread, GUARD_SIGNAL);
    while (atomic_load(&guard.answered) == 0 && loop_now() < deadline)
        guard_wait(&guard.answered, 0, GUARD_TICK);
    return atomic_load(&guard.answered) != 0;
}

static void guard_end_process(uint64_t lasted)
{
    static char text[GUARD_TEXT];
    signal(SIGALRM, SIG_DFL);
    alarm(GUARD_REPORT); /* in case that the report hangs as well */
    bool answered = guard_ask();
    log_write(LOG_ERROR, "no round of the loop has ended for %.1f s: sockd hangs and ends",
              (double)lasted / (double)LOOP_SECOND);
    guard_describe(text, sizeof text - 1);
    guard_add_place(text, sizeof text, answered);
    log_text(LOG_ERROR, text);
    signal(SIGABRT, SIG_DFL);
    abort();
}

/* ---- ticks ---- */

static void guard_look_at_call(struct seen *seen)
{
    uint64_t call = atomic_load_explicit(&pulse.call, memory_order_relaxed);
    if (call % 2 != 0 && call == seen->call) {
        atomic_store_explicit(&pulse.cut, call, memory_order_relaxed);
        pthread_kill(guard.loop_thread, GUARD_SIGNAL);
    }
    seen->call = call;
}

static void guard_look_at_round(struct seen *seen, uint64_t elapsed, uint64_t ran)
{
    if (elapsed > GUARD_PUNCTUAL || guard_loop_is_starved(ran))
        return;
    seen->lasts += elapsed;
    uint64_t hang = atomic_load_explicit(&guard.hang, memory_order_relaxed);
    if (hang == 0 || seen->lasts < hang)
        return;
    if (guard_is_traced())
        seen->lasts = 0;
    else
        guard_end_process(seen->lasts);
}

static void guard_tick(struct seen *seen)
{
    uint64_t now = loop_now(), cpu = guard_loop_cpu();
    uint64_t elapsed = now - seen->at, ran = cpu - seen->cpu;
    uint64_t round = atomic_load_explicit(&pulse.round, memory_order_relaxed);
    bool same = round == seen->round, busy = round % 2 != 0;
    seen->at = now;
    seen->cpu = cpu;
    seen->round = round;
    seen->idle = same && !busy ? seen->idle + 1 : 0;
    guard_look_at_call(seen);
    if (same && busy)
        guard_look_at_round(seen, elapsed, ran);
    else
        seen->lasts = 0;
}

static void *guard_main(void *unused)
{
    (void)unused;
    struct seen seen = {.at = loop_now()};
    while (atomic_load(&pulse.bell) != PULSE_ENDS) {
        if (seen.idle >= GUARD_RESTLESS) {
            guard_doze();
            seen.idle = 0;
            seen.at = loop_now();
        }
        guard_wait(&pulse.bell, PULSE_TICKS, GUARD_TICK);
        guard_tick(&seen);
    }
    return NULL;
}

/* ---- life ---- */

/* With all signals blocked but those of its own faults. */
static int guard_start_thread(void)
{
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&guard.thread, NULL, guard_main, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

int guard_start(void)
{
    struct sigaction action = {.sa_handler = guard_on_signal};
    void *frame;
    CHECK(!guard.started);
    (void)backtrace(&frame, 1); /* loads what it needs, which a signal handler cannot */
    guard.loop_thread = pthread_self();
    guard.loop_tid = gettid();
    guard.fenced = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
    atomic_store(&pulse.bell, PULSE_TICKS);
    if (pthread_getcpuclockid(guard.loop_thread, &guard.loop_clock) != 0 ||
        sigaction(GUARD_SIGNAL, &action, NULL) < 0)
        return -EINVAL;
    int error = guard_start_thread();
    guard.started = error == 0;
    return error;
}

void guard_watch(double seconds, guard_describe_fn *describe, void *context)
{
    guard.describe = describe;
    guard.context = context;
    atomic_store(&guard.hang, (uint64_t)(seconds * (double)LOOP_SECOND));
}

void guard_stop(void)
{
    if (!guard.started)
        return;
    guard.started = false;
    atomic_store(&guard.hang, 0);
    atomic_store(&pulse.bell, PULSE_ENDS);
    syscall(SYS_futex, &pulse.bell, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    pthread_join(guard.thread, NULL);
    signal(GUARD_SIGNAL, SIG_IGN);
}
