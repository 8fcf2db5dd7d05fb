/* Threads that close descriptors; see closer.h. A thread that a file keeps waiting is lost for
 * others, so there may be several. */
#include "loop/closer.h"

#include "util/error.h"
#include "util/pulse.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    CLOSER_THREADS = 8,
    CLOSER_STACK = 64 << 10,
    CLOSER_PATIENCE = 2, /* seconds, at the end */
};

/* All but the handles of the threads is behind the mutex. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    int *fds; /* those to be closed, the oldest first */
    size_t count, room;
    pthread_t threads[CLOSER_THREADS];
    unsigned started, busy;
    bool ending;
} closer = {.mutex = PTHREAD_MUTEX_INITIALIZER,
            .work = PTHREAD_COND_INITIALIZER,
            .done = PTHREAD_COND_INITIALIZER};

/* ---- in a thread ---- */

/* The mutex is held, but for the close. */
static void closer_close_first(void)
{
    int fd = closer.fds[0];
    closer.count--;
    memmove(closer.fds, closer.fds + 1, closer.count * sizeof(*closer.fds));
    closer.busy++;
    pthread_mutex_unlock(&closer.mutex);
    close(fd);
    pthread_mutex_lock(&closer.mutex);
    closer.busy--;
    if (closer.count == 0 && closer.busy == 0)
        pthread_cond_signal(&closer.done);
}

static void *closer_main(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&closer.mutex);
    for (;;) {
        if (closer.count > 0)
            closer_close_first();
        else if (closer.ending)
            break;
        else
            pthread_cond_wait(&closer.work, &closer.mutex);
    }
    pthread_mutex_unlock(&closer.mutex);
    return NULL;
}

/* ---- for the loop; the mutex is held ---- */

static bool closer_make_room(void)
{
    if (closer.count < closer.room)
        return true;
    size_t room = closer.room > 0 ? closer.room * 2 : 16;
    int *fds = reallocarray(closer.fds, room, sizeof(*fds));
    if (fds == NULL)
        return false;
    closer.fds = fds;
    closer.room = room;
    return true;
}

/* With all signals blocked: those are the loop's. */
static void closer_start_thread(void)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, CLOSER_STACK);
    if (pthread_create(&closer.threads[closer.started], &attributes, closer_main, NULL) == 0)
        closer.started++;
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static bool closer_take(int fd)
{
    if (closer.busy + closer.count >= closer.started && closer.started < CLOSER_THREADS)
        closer_start_thread();
    if (closer.started == 0 || !closer_make_room())
        return false;
    closer.fds[closer.count++] = fd;
    pthread_cond_signal(&closer.work);
    return true;
}

void closer_close(int fd)
{
    pthread_mutex_lock(&closer.mutex);
    bool taken = closer_take(fd);
    pthread_mutex_unlock(&closer.mutex);
    if (!taken)
        close(fd);
}

void closer_close_queue(int fd)
{
    int queued = 0;
    if (ioctl(fd, FIONREAD, &queued) == 0 && queued > 0) {
        closer_close(fd);
        return;
    }
    pulse_enter_call();
    close(fd);
    pulse_leave_call();
}

void closer_closep(const int *fd)
{
    if (*fd >= 0)
        closer_close(*fd);
}

/* ---- the end ---- */

static bool closer_wait(void)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += CLOSER_PATIENCE;
    int error = 0;
    while (error == 0 && (closer.count > 0 || closer.busy > 0))
        error = pthread_cond_timedwait(&closer.done, &closer.mutex, &deadline);
    return closer.count == 0 && closer.busy == 0;
}

static void closer_join(void)
{
    for (unsigned i = 0; i < closer.started; i++)
        pthread_join(closer.threads[i], NULL);
    closer.started = 0;
    closer.ending = false;
    free(closer.fds);
    closer.fds = NULL;
    closer.room = 0;
}

bool closer_finish(void)
{
    pthread_mutex_lock(&closer.mutex);
    bool done = closer_wait();
    closer.ending = done;
    pthread_cond_broadcast(&closer.work);
    pthread_mutex_unlock(&closer.mutex);
    if (done)
        closer_join();
    return done;
}
