/* Whom the daemon must not talk to; the contract is in reach.h. */
#include "host/reach.h"

#include "host/control.h"
#include "net/address.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* What listens for services that are started by the machine's manager: systemd(1), sd_notify(3),
 * systemd-journald.service(8), syslog(3). */
static const char *const trusting[] = {
    "/run/systemd/notify",
    "/run/systemd/private",
    "/run/systemd/journal/socket",
    "/run/systemd/journal/stdout",
    "/run/systemd/journal/dev-log",
    "/run/systemd/journal/syslog",
    "/dev/log",
};

static bool is_same_file(const struct stat *file, const char *path)
{
    struct stat other;
    return stat(path, &other) == 0 && other.st_dev == file->st_dev && other.st_ino == file->st_ino;
}

static bool is_managers(const struct stat *file)
{
    const char *manager = getenv("NOTIFY_SOCKET");
    if (manager && manager[0] == '/' && is_same_file(file, manager))
        return true;
    for (size_t i = 0; i < sizeof trusting / sizeof trusting[0]; i++)
        if (is_same_file(file, trusting[i]))
            return true;
    return false;
}

/* The abstract name that $NOTIFY_SOCKET spells with an @. */
static bool is_managers_name(const struct address *address)
{
    const char *manager = getenv("NOTIFY_SOCKET");
    size_t size = address->length - offsetof(struct sockaddr_un, sun_path);
    return manager && manager[0] == '@' && strlen(manager) == size &&
           memcmp(address->un.sun_path + 1, manager + 1, size - 1) == 0;
}

/* Any instance's, to be known by the lock file that lies beside it. */
static bool is_control_socket(int file)
{
    char link[40], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return false;
    path[length] = '\0';
    return control_has_lock(path);
}

int reach_check(void *context, const struct address *address, int file)
{
    const struct control *control = context;
    struct stat status;
    if (file < 0)
        return is_managers_name(address) ? -EPERM : 0;
    if (fstat(file, &status) < 0)
        return -errno;
    if (!S_ISSOCK(status.st_mode))
        return 0; /* connect(2) will say it */
    bool trusted = control_is(control, &status) || is_managers(&status) || is_control_socket(file);
    return trusted ? -EPERM : 0;
}
