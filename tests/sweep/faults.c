/*
 * Faults on demand, by LD_PRELOAD: the N-th allocation, or the N-th system call of a kind, fails in
 * the program, or all from the N-th on, as the page in the file $SOCKD_FAULTS says (faults.h). The
 * page may change while the program runs, so one daemon stands thousands of faults.
 *
 * Allocations are intercepted as functions. System calls come by the kernel's system call user
 * dispatch (prctl(2)): while the page's selector says so, each of the main thread's raises SIGSYS,
 * and we make it, or do not. So it does not matter which function of which library makes it, and a
 * process in which nothing is to fail runs undisturbed.
 *
 * A call that fails has not been made; but close(2) has, whatever it says. Needs x86-64.
 */
#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define EXPORT      __attribute__((visibility("default")))

/* linux/prctl.h of Debian 12 has them; musl's and older ones do not. */
#define DISPATCH    59
#define DISPATCH_ON 1

static struct faults *page;

/* ---- whether this one fails ---- */

static bool is_spared(void *const *frames, int count)
{
    for (int i = 0; i < count; i++) {
        uint64_t at = (uint64_t)(uintptr_t)frames[i] - page->base;
        for (uint32_t k = 0; k < page->spared_count; k++)
            if (at >= page->spared[k].begin && at < page->spared[k].end)
                return true;
    }
    return false;
}

static void note_frames(void *const *frames, int count)
{
    page->frame_count = (uint32_t)count;
    for (int i = 0; i < count; i++)
        page->frames[i] = (uint64_t)(uintptr_t)frames[i];
}

/* Without frames it is nobody's who is spared. */
static bool fails(int call, void *const *frames, int count)
{
    uint64_t number = __atomic_add_fetch(&page->seen[call], 1, __ATOMIC_RELAXED);
    if (page->mode != FAULTS_FAIL || call != page->call || number < page->first ||
        number > page->last)
        return false;
    if (__atomic_add_fetch(&page->failed, 1, __ATOMIC_RELAXED) == 1)
        note_frames(frames, count);
    return true;
}

/* ---- memory ---- */

static _Thread_local bool inside; /* backtrace(3) may allocate */

static bool allocation_fails(void)
{
    if (page == NULL || page->mode == FAULTS_OFF || inside)
        return false;
    void *frames[FAULTS_FRAMES];
    int count = 0;
    inside = true;
    if (page->spared_count > 0 || page->trace)
        count = backtrace(frames, FAULTS_FRAMES);
    inside = false;
    if (is_spared(frames, count) || !fails(FAULTS_ALLOCATE, frames, count))
        return false;
    errno = ENOMEM;
    return true;
}

/* A sanitizer has an allocator of its own, which stands behind us; glibc's is known by name, since
 * looking it up would allocate. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __asan_init(void) __attribute__((weak));

#define NEXT(name)                 \
    static __typeof__(name) *next; \
    if (next == NULL)              \
    next = __asan_init != NULL ? (__typeof__(name) *)dlsym(RTLD_NEXT, #name) : __libc_##name

EXPORT void *malloc(size_t size)
{
    NEXT(malloc);
    return allocation_fails() ? NULL : next(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
    NEXT(calloc);
    return allocation_fails() ? NULL : next(count, size);
}

/* One that takes less never fails, nor does one that gives back. */
EXPORT void *realloc(void *block, size_t size)
{
    NEXT(realloc);
    return size > 0 && allocation_fails() ? NULL : next(block, size);
}

/* For lua_faults.c, which is in a program of its own. `kind` is one of FAULTS_LUA_…. */
EXPORT bool faults_lua(int kind)
{
    void *frames[FAULTS_FRAMES];
    int count = 0;
    if (page == NULL || page->mode == FAULTS_OFF)
        return false;
    if (page->mode == FAULTS_FAIL && kind == page->call && page->seen[kind] + 1 == page->first) {
        inside = true;
        count = backtrace(frames, FAULTS_FRAMES);
        inside = false;
    }
    return fails(kind, frames, count);
}

/* ---- system calls ---- */

/* The code from begin to end makes system calls that do not come back to us. */
__asm__(".text\n"
        ".global faults_begin, faults_end, faults_call, faults_return\n"
        ".hidden faults_begin, faults_end, faults_call, faults_return\n"
        "faults_begin:\n"
        "faults_call:\n" /* the number and six arguments, as in syscall(2) */
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rdi\n"
        "    mov %rdx, %rsi\n"
        "    mov %rcx, %rdx\n"
        "    mov %r8, %r10\n"
        "    mov %r9, %r8\n"
        "    mov 8(%rsp), %r9\n"
        "    syscall\n"
        "    ret\n"
        "faults_return:\n" /* the end of a signal's handler */
        "    mov $15, %rax\n"
        "    syscall\n"
        "    ud2\n" /* the kernel asks where the call will return to */
        "faults_end:\n");
extern char faults_begin[], faults_end[];
extern long faults_call(long number, long a, long b, long c, long d, long e, long f);
extern void faults_return(void);

/* What the kernel takes in rt_sigaction(2). */
struct kernel_action {
    void *handler;
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static const uint64_t SIGSYS_BIT = UINT64_C(1) << (SIGSYS - 1);

/* Nobody may block the signal that system calls come by. */
static long call_sigprocmask(long how, const uint64_t *set, uint64_t *old, long size)
{
    uint64_t mask = set != NULL ? *set : 0;
    if (how != SIG_UNBLOCK)
        mask &= ~SIGSYS_BIT;
    return faults_call(SYS_rt_sigprocmask, how, set != NULL ? (long)&mask : 0, (long)old, size, 0,
                       0);
}

static long call_sigaction(long number, const struct kernel_action *action, long old, long size)
{
    struct kernel_action mine = {0};
    if (number == SIGSYS)
        return 0;
    if (action != NULL)
        mine = *action;
    mine.mask &= ~SIGSYS_BIT;
    return faults_call(SYS_rt_sigaction, number, action != NULL ? (long)&mine : 0, old, size, 0, 0);
}

static long make_call(long number, const greg_t *r)
{
    if (number == SYS_rt_sigprocmask)
        return call_sigprocmask((int)r[REG_RDI], (const uint64_t *)r[REG_RSI],
                                (uint64_t *)r[REG_RDX], r[REG_R10]);
    if (number == SYS_rt_sigaction)
        return call_sigaction((int)r[REG_RDI], (const struct kernel_action *)r[REG_RSI], r[REG_RDX],
                              r[REG_R10]);
    return faults_call(number, r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8],
                       r[REG_R9]);
}

/* Those who are spared get their mappings too. */
static bool call_fails(long number)
{
    void *frames[FAULTS_FRAMES];
    int count = 0;
    bool spares = number == SYS_mmap && page->spared_count > 0;
    bool soon = page->trace && page->mode == FAULTS_FAIL && number == page->call &&
                page->seen[number] + 1 == page->first;
    if ((spares || soon) && !inside) {
        inside = true;
        count = backtrace(frames, FAULTS_FRAMES);
        inside = false;
    }
    return !(spares && is_spared(frames, count)) && fails((int)number, frames, count);
}

static void on_call(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    long number = info->si_syscall;
    if (number == SYS_rt_sigreturn) {
        registers[REG_RIP] = (greg_t)(uintptr_t)faults_return;
        return;
    }
    if (number == SYS_clone || number == SYS_clone3 || number == SYS_fork || number == SYS_vfork) {
        page->selector = 0; /* two of us would come back from it */
        registers[REG_RIP] -= 2;
        registers[REG_RAX] = number;
        return;
    }
    bool bad = number >= 0 && number < FAULTS_ALLOCATE && call_fails(number);
    long result = 0;
    if (!bad || number == SYS_close)
        result = make_call(number, registers);
    if (bad && number == SYS_brk) /* it fails by saying where the end still is */
        result = faults_call(SYS_brk, 0, 0, 0, 0, 0, 0);
    else if (bad)
        result = -page->error;
    registers[REG_RAX] = result;
}

/* Also while nothing is to fail: the handler may run later, when something is. */
EXPORT int sigaction(int number, const struct sigaction *restrict action,
                     struct sigaction *restrict old)
{
    static __typeof__(sigaction) *next;
    struct sigaction mine;
    if (next == NULL)
        next = (__typeof__(sigaction) *)dlsym(RTLD_NEXT, "sigaction");
    if (action == NULL)
        return next(number, NULL, old);
    mine = *action;
    sigdelset(&mine.sa_mask, SIGSYS);
    return next(number, &mine, old);
}

/* Threads are the library's own affair, but there may be none. */
EXPORT int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                          void *(*routine)(void *), void *restrict argument)
{
    static __typeof__(pthread_create) *next;
    if (next == NULL)
        next = (__typeof__(pthread_create) *)dlsym(RTLD_NEXT, "pthread_create");
    if (page == NULL || page->mode == FAULTS_OFF)
        return next(thread, attributes, routine, argument);
    if (call_fails(SYS_clone))
        return page->error;
    uint8_t selector = page->selector;
    page->selector = 0;
    int result = next(thread, attributes, routine, argument);
    page->selector = page->mode != FAULTS_OFF ? selector : 0;
    return result;
}

/* ---- the end ---- */

static void on_death(int signal)
{
    void *frames[FAULTS_FRAMES];
    page->selector = 0;
    page->mode = FAULTS_OFF;
    int count = backtrace(frames, FAULTS_FRAMES);
    for (int i = 0; i < count; i++)
        page->death_frames[i] = (uint64_t)(uintptr_t)frames[i];
    page->death_count = (uint32_t)count;
    page->death = signal;
    raise(signal);
}

static void watch_deaths(void)
{
    static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    struct sigaction action = {.sa_handler = on_death, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}

/* ---- the beginning ---- */

static bool dispatch(void)
{
    struct kernel_action action = {
        .handler = (void *)on_call,
        .flags = SA_SIGINFO | SA_NODEFER | 0x04000000, /* SA_RESTORER */
        .restorer = faults_return,
    };
    return faults_call(SYS_rt_sigaction, SIGSYS, (long)&action, 0, 8, 0, 0) == 0 &&
           prctl(DISPATCH, DISPATCH_ON, faults_begin, faults_end - faults_begin, &page->selector) ==
               0;
}

/* The program comes first in the list. */
static int find_base(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    *(uint64_t *)base = info->dlpi_addr;
    return 1;
}

/* For this process only, not for those that it starts. */
__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SOCKD_FAULTS");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *frames[2];
    backtrace(frames, 2); /* the first one loads a library */
    void *memory = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    unsetenv("SOCKD_FAULTS");
    unsetenv("LD_PRELOAD");
    if (memory == MAP_FAILED)
        return;
    struct faults *found = memory;
    dl_iterate_phdr(find_base, &found->base);
    if (__asan_init == NULL)
        watch_deaths();
    page = found;
    uint8_t selector = found->selector;
    found->selector = 0;
    found->ready = dispatch() ? 1 : 2;
    found->selector = found->ready == 1 ? selector : 0;
}
