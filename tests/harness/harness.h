/* What unit tests share: proofs that a test left nothing behind, and private temporary folders.
 *
 * Include as "harness/harness.h". Nothing here depends on the daemon's libraries, so tests of every
 * layer may use it. Failures are reported by the return value; the test asserts on it.
 */
#pragma once

#include <stddef.h>
#include <sys/un.h>

/* The number of descriptors that this process has open (/proc/self/fd), the one used for counting
 * not included; -errno when /proc cannot be read. A test takes it first and compares at its end. */
int harness_fd_count(void);

/* The same, but waits some seconds for it to be no more than `count`: a thread may be closing the
 * rest. */
int harness_fd_settle(int count);

/* Creates a private folder under $TMPDIR (or /tmp) and writes its path. 0 or -errno. */
int harness_tempdir_new(char *path, size_t size);

/* Removes the folder and all that is in it, one level deep. 0, or -errno of the first failure. */
int harness_tempdir_free(const char *path);

/* The port of a TCP socket that `fd` is bound to, in host order; -errno on failure. */
int harness_port(int fd);

/* The address of a unix socket at `path`; aborts the test if that is too long. */
struct sockaddr_un harness_unix_address(const char *path);
