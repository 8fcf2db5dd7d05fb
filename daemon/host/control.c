/* The control socket's place in the file system; the contract is in control.h.
 *
 * The order is what makes it safe: first the lock, so that no other daemon is at the same work;
 * then the question whether something answers at the path; only then is a dead file removed. The
 * socket is bound for its owner alone and opened to others when it belongs to the right group.
 */
#include "host/control.h"

#include "host/ids.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

/* Bytes in a lock file: 20 digits and the end of the line. */
enum { LOCK_SIZE = 21 };

struct control {
    struct sockaddr_un address;
    struct control_config config;
    int fd;                     /* listening; -1 once it is taken */
    int lock;                   /* holds the flock */
    uint64_t first_id, last_id; /* to give, and that may be in use */
    struct ids *ids;            /* NULL: nothing survives a reboot */
    bool made;                  /* the file is ours to remove, if it is still this one: */
    bool known;
    dev_t device;
    ino_t inode;
};

static int fail(const char *path, const char *what, int error)
{
    log_write(LOG_ERROR, "control socket %s: %s: %s", path, what, strerror(-error));
    return error;
}

/* ---- the path ---- */

static int set_path(struct control *control, const char *folder, const char *name)
{
    size_t size = sizeof control->address.sun_path;
    int length = snprintf(control->address.sun_path, size, "%s%s", folder, name);
    if (length < 0 || (size_t)length >= size)
        return fail(name, "the path is too long for a socket", -ENAMETOOLONG);
    return 0;
}

static int set_default_path(struct control *control)
{
    const char *chosen = getenv("SOCKD_SOCKET");
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (chosen && *chosen)
        return set_path(control, "", chosen);
    bool own = geteuid() != 0 && runtime && *runtime == '/';
    return set_path(control, own ? runtime : "/run", "/sockd/sockd.sock");
}

/* The socket's folder, and no more than that one. Others must be able to pass through it. */
static int make_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return 0;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    if (mkdir(folder, 0755) == 0 || errno == EEXIST)
        return 0;
    return fail(path, "cannot make its folder", -errno);
}

/* ---- the lock and the numbers ---- */

int control_reserve_ids(void *context, uint64_t last)
{
    struct control *control = context;
    char text[32];
    control->last_id = last;
    if (control->ids)
        ids_note(control->ids, last);
    /* Of one width, LOCK_SIZE, so that the file never shrinks and one pwrite(2) replaces all of it.
     */
    int length = snprintf(text, sizeof text, "%020llu\n", (unsigned long long)last + 1);
    ssize_t written = pwrite(control->lock, text, (size_t)length, 0);
    if (written == length)
        return 0;
    return written < 0 ? -errno : -ENOSPC;
}

static int take_lock(struct control *control)
{
    const char *path = control->address.sun_path;
    char name[sizeof control->address.sun_path + sizeof ".lock"];
    snprintf(name, sizeof name, "%s.lock", path);
    control->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    if (control->lock < 0)
        return fail(path, "cannot open its lock file", -errno);
    int locked;
    do
        locked = flock(control->lock, LOCK_EX | LOCK_NB);
    while (locked < 0 && errno == EINTR);
    if (locked < 0 && errno == EWOULDBLOCK)
        return fail(path, "another sockd is running there", -EADDRINUSE);
    if (locked < 0)
        return fail(path, "cannot lock its lock file", -errno);
    return 0;
}

/* ---- the folder of what survives a reboot ---- */

/* False: there is none, or its name is too long. */
static bool format_folder(char out[PATH_MAX], const char *folder, const char *below)
{
    int length = snprintf(out, PATH_MAX, "%s%s", folder, below);
    return length > 0 && length < PATH_MAX;
}

/* Which goes with the default path of the socket (XDG Base Directory Specification). */
static bool find_default_state(char out[PATH_MAX])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (geteuid() == 0)
        return format_folder(out, "/var/lib", "/sockd");
    if (state && *state == '/')
        return format_folder(out, state, "/sockd");
    return home && *home == '/' && format_folder(out, home, "/.local/state/sockd");
}

static bool find_state(const struct control *control, bool by_default, char out[PATH_MAX])
{
    const char *given = getenv("STATE_DIRECTORY"); /* systemd.exec(5): a list with colons */
    if (control->config.state)
        return format_folder(out, control->config.state, "");
    if (given && *given == '/') {
        snprintf(out, PATH_MAX, "%.*s", (int)strcspn(given, ":"), given);
        return true;
    }
    return by_default && find_default_state(out);
}

/* Without a folder that can be written, numbers begin where no daemon without one has been yet. */
static void find_first_id(struct control *control, bool fresh, bool by_default)
{
    char folder[PATH_MAX];
    uint64_t free_id = 1;
    if (!find_state(control, by_default, folder))
        return;
    int result = ids_open(&control->ids, folder, control->address.sun_path, &free_id);
    if (result < 0) {
        if (fresh)
            free_id = (uint64_t)time(NULL) * 1000;
        log_write(LOG_WARN, "the state directory %s: %s: numbers of sockets begin at %" PRIu64,
                  folder, strerror(-result), MAX(free_id, control->first_id));
    }
    control->first_id = MAX(free_id, control->first_id);
}

static int take_numbers(struct control *control, bool by_default)
{
    const char *path = control->address.sun_path;
    int result = ids_read(control->lock, &control->first_id);
    if (result < 0)
        return fail(path, "its lock file holds no number of a socket (remove it to begin anew)",
                    result);
    find_first_id(control, control->first_id == 1, by_default);
    result = control_reserve_ids(control, control->first_id - 1);
    return result < 0 ? fail(path, "cannot write its lock file", result) : 0;
}

bool control_has_lock(const char *path)
{
    char name[PATH_MAX];
    struct stat status;
    int length = snprintf(name, sizeof name, "%s.lock", path);
    return length > 0 && (size_t)length < sizeof name && lstat(name, &status) == 0 &&
           S_ISREG(status.st_mode) && status.st_size == LOCK_SIZE;
}

uint64_t control_first_id(const struct control *control)
{
    return control->first_id;
}

/* ---- the socket ---- */

/* 1: something listens at the path; 0: nothing does, and nothing is in the way any more. */
static int clear_stale(const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(address->sun_path, &status) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(status.st_mode))
        return -EEXIST;
    CLEANUP(close_fdp) int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return -errno;
    if (connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN)
        return 1;
    if (errno != ECONNREFUSED && errno != ENOENT)
        return -errno;
    return unlink(address->sun_path) == 0 || errno == ENOENT ? 0 : -errno;
}

/* Whether there is one. */
static bool remember_file(struct control *control)
{
    struct stat status;
    control->known = lstat(control->address.sun_path, &status) == 0;
    if (control->known) {
        control->device = status.st_dev;
        control->inode = status.st_ino;
    }
    return control->known;
}

bool control_is(const struct control *control, const struct stat *file)
{
    return control->known && file->st_dev == control->device && file->st_ino == control->inode;
}

/* For its owner alone until open_to_others. */
static int bind_private(struct control *control, int fd)
{
    mode_t before = umask(0077);
    int result = bind(fd, (const struct sockaddr *)&control->address, sizeof control->address);
    result = result < 0 ? -errno : 0;
    umask(before);
    if (result < 0)
        return result;
    control->made = remember_file(control);
    if (!control->made) {
        unlink(control->address.sun_path); /* nobody else could have bound it */
        return -EIO;
    }
    return 0;
}

static int open_to_others(const struct control *control, const struct control_config *config)
{
    const char *path = control->address.sun_path;
    mode_t mode = config->has_mode ? config->mode : config->has_group ? 0660 : 0600;
    if (config->has_group && lchown(path, (uid_t)-1, config->group) < 0)
        return -errno;
    return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int make_socket(struct control *control)
{
    const char *path = control->address.sun_path;
    int result = clear_stale(&control->address);
    if (result > 0)
        return fail(path, "something else listens there", -EADDRINUSE);
    if (result < 0)
        return fail(path, "the place is taken", result);
    CLEANUP(close_fdp) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail(path, "cannot make it", -errno);
    if ((result = bind_private(control, fd)) < 0)
        return fail(path, "cannot bind it", result);
    if ((result = open_to_others(control, &control->config)) < 0)
        return fail(path, "cannot set its group and mode", result);
    if (listen(fd, SOMAXCONN) < 0)
        return fail(path, "cannot listen", -errno);
    control->fd = STEAL_FD(fd);
    return 0;
}

/* ---- life ---- */

/* The path of a socket that was passed in; the lock lies beside it as beside our own. */
static int adopt(struct control *control, int passed)
{
    struct sockaddr_un *address = &control->address;
    socklen_t length = sizeof *address;
    if (getsockname(passed, (struct sockaddr *)address, &length) < 0)
        return fail("that was passed in", "cannot ask for its address", -errno);
    size_t size = MIN(length, sizeof *address) - offsetof(struct sockaddr_un, sun_path);
    if (address->sun_path[0] != '/' || !memchr(address->sun_path, 0, size))
        return fail("that was passed in", "it has no path", -EINVAL);
    int result = take_lock(control);
    if (result == 0)
        result = take_numbers(control, false);
    if (result < 0)
        return result;
    (void)remember_file(control);
    control->fd = passed; /* consumed */
    return 0;
}

static int make(struct control *control)
{
    const char *path = control->config.path, *chosen = getenv("SOCKD_SOCKET");
    bool is_default = !path && !(chosen && *chosen);
    int result = path ? set_path(control, "", path) : set_default_path(control);
    if (result == 0)
        result = make_folder(control->address.sun_path);
    if (result == 0)
        result = take_lock(control);
    if (result == 0)
        result = take_numbers(control, is_default);
    return result < 0 ? result : make_socket(control);
}

int control_open(struct control **out, const struct control_config *config, int passed)
{
    struct control *control = calloc(1, sizeof *control);
    if (!control)
        return fail(config->path ? config->path : "by default", "cannot be served", -ENOMEM);
    control->address.sun_family = AF_UNIX;
    control->fd = control->lock = -1;
    control->config = *config;
    int result = passed >= 0 ? adopt(control, passed) : make(control);
    if (result < 0) {
        control_close(control);
        return result;
    }
    *out = control;
    return 0;
}

static void remove_file(const struct control *control)
{
    struct stat status;
    if (control->made && lstat(control->address.sun_path, &status) == 0 &&
        control_is(control, &status))
        unlink(control->address.sun_path);
}

void control_close(struct control *control)
{
    if (!control)
        return;
    remove_file(control);
    close_fdp(&control->fd);
    ids_close(control->ids);
    close_fdp(&control->lock); /* only now may another daemon have the path */
    free(control);
}

/* ---- the file in the course of time ---- */

int control_check(const struct control *control)
{
    struct stat status;
    if (lstat(control->address.sun_path, &status) < 0)
        return -errno;
    return control_is(control, &status) ? 0 : -EEXIST;
}

/* Whether the lock file is still the one that is locked. */
static bool has_its_lock(const struct control *control)
{
    char name[sizeof control->address.sun_path + sizeof ".lock"];
    struct stat mine, there;
    snprintf(name, sizeof name, "%s.lock", control->address.sun_path);
    return fstat(control->lock, &mine) == 0 && lstat(name, &there) == 0 &&
           mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

static int take_lock_again(struct control *control)
{
    int old = control->lock;
    int result = take_lock(control);
    if (result < 0) {
        close_fdp(&control->lock);
        control->lock = old;
        return result;
    }
    close(old);
    return control_reserve_ids(control, control->last_id);
}

int control_remake(struct control *control)
{
    int result = make_folder(control->address.sun_path);
    if (result == 0 && !has_its_lock(control))
        result = take_lock_again(control);
    return result < 0 ? result : make_socket(control);
}

bool control_made(const struct control *control)
{
    return control->made;
}

const char *control_path(const struct control *control)
{
    return control->address.sun_path;
}

int control_take_fd(struct control *control)
{
    return STEAL_FD(control->fd);
}
