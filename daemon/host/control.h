/*
 * The control socket's place in the file system: its path, the lock that makes one daemon its
 * only owner, and the numbers of sockets, which no later daemon at the same path may use again.
 *
 * Beside the socket PATH lies PATH.lock, which stays when the daemon ends: whoever holds its
 * flock(2) owns the path, and its text is the first number that was never given to a socket.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct control;
struct stat;

struct control_config {
    const char *path; /* NULL: the default one, see --socket */
    bool has_mode, has_group;
    mode_t mode; /* 0660 with a group and 0600 without, unless has_mode */
    gid_t group;
    const char *state; /* the folder of what must survive a reboot (ids.h); NULL: $STATE_DIRECTORY,
                          for the default path also a folder that goes with it; else none */
};

/*
 * Takes the lock and listens at the path; or, with `passed` not negative, at that listening socket
 * of somebody else's making, which is consumed on success and whose file is left alone at the end.
 * Failures are logged. -EADDRINUSE: somebody else lives there; otherwise what the kernel says.
 */
int control_open(struct control **out, const struct control_config *config, int passed);

/* Removes the socket's file if it is still the one that was made. NULL is allowed. */
void control_close(struct control *control);

/* Whether the socket is still at its path: 0, -ENOENT, -EEXIST if something else is, or what
 * lstat(2) says. */
int control_check(const struct control *control);

/* Makes it anew at its path, and the lock file too if that is gone; then control_take_fd gives the
 * new descriptor. Failures are logged once. -EADDRINUSE: another sockd has taken the place. */
int control_remake(struct control *control);

/* Whether the file at the path is of its own making. */
bool control_made(const struct control *control);

/* Whether that is the control socket's file. */
bool control_is(const struct control *control, const struct stat *file);

/* Whether the lock file of a control socket, of whatever instance, lies beside this path. */
bool control_has_lock(const char *path);

const char *control_path(const struct control *control);

/* The listening descriptor, once; the caller's from then on. */
int control_take_fd(struct control *control);

/* For struct net_config: where to begin, and the note for the next daemon. */
uint64_t control_first_id(const struct control *control);
int control_reserve_ids(void *context, uint64_t last); /* context: the struct control */
