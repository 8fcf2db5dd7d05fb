/* Where the daemon is looked for: the option, the variable, the user's own, the system's. */
#include "client/path.h"

#include "harness/harness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char found[PATH_ROOM];

Test(path, the_argument_comes_first)
{
    setenv("SOCKD_SOCKET", "/variable", 1);
    cr_assert_eq(path_find("/argument", found, sizeof found), 0);
    cr_assert_str_eq(found, "/argument");
}

Test(path, then_the_variable)
{
    setenv("SOCKD_SOCKET", "/variable", 1);
    cr_assert_eq(path_find(NULL, found, sizeof found), 0);
    cr_assert_str_eq(found, "/variable");
}

Test(path, else_the_systems)
{
    unsetenv("SOCKD_SOCKET");
    unsetenv("XDG_RUNTIME_DIR");
    cr_assert_eq(path_find(NULL, found, sizeof found), 0);
    cr_assert_str_eq(found, "/run/sockd/sockd.sock");
    setenv("SOCKD_SOCKET", "", 1);
    setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
    cr_assert_eq(path_find(NULL, found, sizeof found), 0);
    cr_assert_str_eq(found, "/run/sockd/sockd.sock");
}

Test(path, the_users_own_if_a_daemon_listens_there)
{
    char folder[64], inner[80], path[100];

    unsetenv("SOCKD_SOCKET");
    cr_assert_eq(harness_tempdir_new(folder, sizeof folder), 0);
    setenv("XDG_RUNTIME_DIR", folder, 1);
    snprintf(inner, sizeof inner, "%s/sockd", folder);
    snprintf(path, sizeof path, "%s/sockd.sock", inner);
    cr_assert_eq(mkdir(inner, 0700), 0);
    struct sockaddr_un address = harness_unix_address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(path_find(NULL, found, sizeof found), 0);
    cr_assert_str_eq(found, "/run/sockd/sockd.sock", "nobody listens yet");
    cr_assert_eq(listen(fd, 5), 0);
    cr_assert_eq(path_find(NULL, found, sizeof found), 0);
    cr_assert_str_eq(found, path);
    close(fd);
    unlink(path);
    rmdir(inner);
    cr_assert_eq(harness_tempdir_free(folder), 0);
}

Test(path, too_long)
{
    char path[300];

    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = 0;
    cr_assert_eq(path_find(path, found, sizeof found), -ENAMETOOLONG);
    unsetenv("SOCKD_SOCKET");
    setenv("XDG_RUNTIME_DIR", path, 1);
    cr_assert_eq(path_find(NULL, found, sizeof found), 0);
    cr_assert_str_eq(found, "/run/sockd/sockd.sock");
}
