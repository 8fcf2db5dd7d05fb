/* Entries for the journal, received by a socket that stands for it. */
#include "harness/harness.h"
#include "util/journal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char folder[PATH_MAX];
static struct journal journal;
static int receiver = -1;

static void up(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    cr_assert_eq(harness_tempdir_new(folder, sizeof folder), 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%.90s/socket", folder);
    receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(receiver, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(journal_open(&journal, address.sun_path), 0);
}

static void down(void)
{
    journal_close(&journal);
    close(receiver);
    harness_tempdir_free(folder);
}

TestSuite(journal, .init = up, .fini = down);

static struct journal_field field(const char *name, const char *value)
{
    return (struct journal_field){name, value, strlen(value)};
}

Test(journal, fields_of_one_line_and_of_several)
{
    static const char expected[] = "MESSAGE=hello\nTEXT\n\x03\0\0\0\0\0\0\0a\nb\nEMPTY=\n";
    struct journal_field fields[] = {field("MESSAGE", "hello"), field("TEXT", "a\nb"),
                                     field("EMPTY", "")};
    char got[256];
    cr_assert_eq(journal_send(&journal, fields, 3), 0);
    ssize_t length = recv(receiver, got, sizeof got, 0);
    cr_assert_eq(length, sizeof expected - 1);
    cr_assert_eq(memcmp(got, expected, sizeof expected - 1), 0);
}

Test(journal, one_that_does_not_keep_up_is_not_waited_for, .timeout = 10)
{
    struct journal_field fields[] = {field("MESSAGE", "again and again")};
    int result = 0;
    for (int i = 0; i < 100000 && result == 0; i++)
        result = journal_send(&journal, fields, 1);
    cr_assert_eq(result, -EAGAIN);
    char got[256];
    while (recv(receiver, got, sizeof got, 0) > 0)
        ;
    cr_assert_eq(journal_send(&journal, fields, 1), 0);
}

Test(journal, one_that_is_gone_is_an_error_and_may_come_back)
{
    struct journal_field fields[] = {field("MESSAGE", "x")};
    struct sockaddr_un address = journal.address;
    close(receiver);
    cr_assert_eq(journal_send(&journal, fields, 1), -ECONNREFUSED);
    unlink(address.sun_path);
    cr_assert_eq(journal_send(&journal, fields, 1), -ENOENT);
    receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(receiver, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(journal_send(&journal, fields, 1), 0);
}

Test(journal, where_there_is_none_nothing_is_opened)
{
    struct journal none;
    char path[200];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = 0;
    cr_assert_eq(journal_open(&none, "/nonexistent/socket"), -ENOENT);
    cr_assert_eq(none.fd, -1);
    cr_assert_eq(journal_open(&none, path), -ENAMETOOLONG);
    journal_close(&none);
}
