/* Numbers that no later daemon may give again. See ids.h. */
#include "host/ids.h"

#include "base/numeral.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/hash.h"
#include "util/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many are reserved at once. */
#define IDS_BLOCK   1000000

/* Every client can hold the numbers up to 2^53, which a double does; there must be many left. */
#define IDS_HIGHEST (UINT64_C(1) << 52)

struct ids {
    int fd;
    uint64_t reserved; /* numbers below it */
    pthread_t writer;
    bool writing;           /* there is a thread to be joined, which writes: */
    uint64_t wanted;        /* the new value of `reserved` */
    int error;              /* how that ended */
    atomic_bool is_written; /* and that it has */
};

/* ---- the file ---- */

/* Of one width, so that one pwrite(2) replaces all of it. */
static int write_number(int fd, uint64_t number)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%020" PRIu64 "\n", number);
    ssize_t written = pwrite(fd, text, (size_t)length, 0);
    if (written != length)
        return written < 0 ? -errno : -ENOSPC;
    return fsync(fd) < 0 ? -errno : 0;
}

int ids_read(int fd, uint64_t *out)
{
    char text[32] = "";
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    if (length < 0)
        return -errno;
    *out = 1;
    if (length == 0)
        return 0;
    char *end = strchr(text, '\n');
    if (!end || end != text + length - 1)
        return -EBADMSG;
    *end = 0;
    enum numeral fault = numeral_unsigned(text, IDS_HIGHEST, out);
    return fault || *out == 0 ? -EBADMSG : 0;
}

static int open_file(const char *folder, const char *path)
{
    char name[PATH_MAX];
    uint64_t key = hash_bytes(0, path, strlen(path));
    int length = snprintf(name, sizeof name, "%s/ids-%016" PRIx64, folder, key);
    if (length < 0 || (size_t)length >= sizeof name)
        return -ENAMETOOLONG;
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return -errno;
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
    return fd < 0 ? -errno : fd;
}

static int check_kind(int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    return S_ISREG(status.st_mode) ? 0 : -EBADMSG;
}

/* ---- reserving ---- */

static void *write_in_thread(void *argument)
{
    struct ids *ids = argument;
    ids->error = write_number(ids->fd, ids->wanted);
    atomic_store(&ids->is_written, true);
    return NULL;
}

/* Signals are for the loop's thread. */
static bool start_writer(struct ids *ids)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&ids->writer, NULL, write_in_thread, ids);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

static void join_writer(struct ids *ids)
{
    if (!ids->writing)
        return;
    pthread_join(ids->writer, NULL);
    ids->writing = false;
    if (ids->error < 0)
        log_write(LOG_WARN, "cannot reserve numbers of sockets: %s", strerror(-ids->error));
    ids->reserved = ids->wanted;
}

void ids_note(struct ids *ids, uint64_t last)
{
    if (ids->writing && atomic_load(&ids->is_written))
        join_writer(ids);
    if (ids->writing || last + IDS_BLOCK / 2 < ids->reserved)
        return;
    ids->wanted = last + IDS_BLOCK;
    atomic_store(&ids->is_written, false);
    ids->writing = start_writer(ids); /* else the next call tries again */
}

/* ---- life ---- */

int ids_open(struct ids **out, const char *folder, const char *path, uint64_t *first)
{
    CLEANUP(close_fdp) int fd = open_file(folder, path);
    int result = fd < 0 ? fd : check_kind(fd);
    if (result == 0)
        result = ids_read(fd, first);
    if (result == 0)
        result = write_number(fd, *first + IDS_BLOCK);
    if (result < 0)
        return result;
    struct ids *ids = calloc(1, sizeof *ids);
    if (!ids)
        return -ENOMEM;
    ids->fd = STEAL_FD(fd);
    ids->reserved = *first + IDS_BLOCK;
    *out = ids;
    return 0;
}

void ids_close(struct ids *ids)
{
    if (!ids)
        return;
    join_writer(ids);
    close(ids->fd);
    free(ids);
}
