/* The control socket's place: who gets it, who may enter, what is left behind. */
#include "harness/harness.h"
#include "host/control.h"
#include "util/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[128], path[160], lock[180];
static struct control *control;
static int fds;

static void setup(void)
{
    log_start(-1, LOG_ERROR);
    cr_assert_eq(harness_tempdir_new(folder, sizeof folder), 0);
    snprintf(path, sizeof path, "%s/s", folder);
    snprintf(lock, sizeof lock, "%s.lock", path);
    fds = harness_fd_count();
}

static void teardown(void)
{
    control_close(control);
    control = NULL;
    cr_expect_eq(harness_fd_count(), fds, "a descriptor was left");
    cr_expect_eq(access(path, F_OK), -1, "the socket's file was left");
    cr_expect_eq(harness_tempdir_free(folder), 0);
}

TestSuite(control, .init = setup, .fini = teardown);

static int open_at(const char *at)
{
    return control_open(&control, &(struct control_config){.path = at}, -1);
}

static int listener_at(const char *at)
{
    struct sockaddr_un address = harness_unix_address(at);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 5), 0);
    return fd;
}

static int connect_to(const char *at)
{
    struct sockaddr_un address = harness_unix_address(at);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    result = result < 0 ? -errno : 0;
    close(fd);
    return result;
}

static void fill(const char *file, const char *text)
{
    FILE *out = fopen(file, "we");
    cr_assert_not_null(out);
    fputs(text, out);
    fclose(out);
}

static mode_t mode_of(const char *file)
{
    struct stat status;
    cr_assert_eq(stat(file, &status), 0);
    return status.st_mode & 07777;
}

Test(control, it_listens_and_leaves_only_the_lock)
{
    cr_assert_eq(open_at(path), 0);
    cr_assert_str_eq(control_path(control), path);
    cr_assert_eq(connect_to(path), 0);
    cr_assert_eq(mode_of(path), 0600);
    cr_assert_eq(mode_of(lock), 0600);
}

Test(control, a_taken_descriptor_is_the_takers)
{
    cr_assert_eq(open_at(path), 0);
    int fd = control_take_fd(control);
    cr_assert_geq(fd, 0);
    cr_assert_eq(control_take_fd(control), -1);
    control_close(control);
    control = NULL;
    cr_assert_eq(close(fd), 0);
}

Test(control, group_and_mode_are_set)
{
    struct control_config config = {.path = path, .has_group = true, .group = getgid()};
    cr_assert_eq(control_open(&control, &config, -1), 0);
    cr_assert_eq(mode_of(path), 0660);
    control_close(control);
    config.has_mode = true;
    config.mode = 0606;
    cr_assert_eq(control_open(&control, &config, -1), 0);
    cr_assert_eq(mode_of(path), 0606);
}

Test(control, the_last_folder_of_the_path_is_made)
{
    char deep[200];
    snprintf(deep, sizeof deep, "%s/made/s", folder);
    cr_assert_eq(open_at(deep), 0);
    control_close(control);
    control = NULL;
    cr_assert_eq(access(deep, F_OK), -1);
    strcat(deep, ".lock");
    cr_assert_eq(unlink(deep), 0);
    *strrchr(deep, '/') = 0;
    cr_assert_eq(rmdir(deep), 0);
}

Test(control, a_second_daemon_is_refused)
{
    cr_assert_eq(open_at(path), 0);
    struct control *second = NULL;
    cr_assert_eq(control_open(&second, &(struct control_config){.path = path}, -1), -EADDRINUSE);
    cr_assert_eq(connect_to(path), 0, "the first must not notice");
}

Test(control, a_dead_socket_is_replaced)
{
    close(listener_at(path));
    cr_assert_eq(open_at(path), 0);
    cr_assert_eq(connect_to(path), 0);
}

Test(control, a_living_socket_of_another_program_is_left_alone)
{
    int fd = listener_at(path);
    cr_assert_eq(open_at(path), -EADDRINUSE);
    cr_assert_eq(connect_to(path), 0);
    close(fd);
    unlink(path);
}

Test(control, a_file_that_is_no_socket_is_left_alone)
{
    fill(path, "precious");
    cr_assert_eq(open_at(path), -EEXIST);
    struct stat status;
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_size, 8);
    unlink(path);
}

Test(control, a_successors_socket_is_not_removed)
{
    cr_assert_eq(open_at(path), 0);
    unlink(path);
    int fd = listener_at(path);
    control_close(control);
    control = NULL;
    cr_assert_eq(connect_to(path), 0);
    close(fd);
    unlink(path);
}

Test(control, a_path_too_long_is_refused)
{
    char longer[200];
    memset(longer, 'x', sizeof longer);
    longer[0] = '/';
    longer[sizeof longer - 1] = 0;
    cr_assert_eq(open_at(longer), -ENAMETOOLONG);
}

Test(control, numbers_go_on_where_the_last_daemon_stopped)
{
    cr_assert_eq(open_at(path), 0);
    cr_assert_eq(control_first_id(control), 1);
    cr_assert_eq(control_reserve_ids(control, 1023), 0);
    cr_assert_eq(control_reserve_ids(control, 2047), 0);
    control_close(control);
    cr_assert_eq(open_at(path), 0);
    cr_assert_eq(control_first_id(control), 2048);
}

Test(control, a_lock_file_of_nonsense_is_not_overwritten)
{
    static const char *const nonsense[] = {"precious\n", "0\n", "12", "-",
                                           "99999999999999999999999\n"};
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        fill(lock, nonsense[i]);
        cr_assert_eq(open_at(path), -EBADMSG, "%s", nonsense[i]);
    }
}

Test(control, a_link_in_the_place_of_the_lock_is_not_followed)
{
    cr_assert_eq(symlink("/dev/null", lock), 0);
    cr_assert_eq(open_at(path), -ELOOP);
}

Test(control, a_socket_that_was_passed_in_is_used_and_its_file_stays)
{
    int fd = listener_at(path);
    cr_assert_eq(control_open(&control, &(struct control_config){.path = "/ignored"}, fd), 0);
    cr_assert_str_eq(control_path(control), path);
    cr_assert_eq(connect_to(path), 0);
    control_close(control);
    control = NULL;
    cr_assert_eq(access(path, F_OK), 0);
    unlink(path);
}

Test(control, a_socket_without_a_path_cannot_be_used)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(control_open(&control, &(struct control_config){0}, fd), -EINVAL);
    close(fd); /* still ours */
}

Test(control, the_default_path_is_the_environments)
{
    setenv("SOCKD_SOCKET", path, 1);
    cr_assert_eq(open_at(NULL), 0);
    cr_assert_str_eq(control_path(control), path);
}
