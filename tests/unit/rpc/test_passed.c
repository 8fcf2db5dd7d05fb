/* Descriptors that come along with bytes: which message they are for, and that none stays. */
#include "rpc/passed.h"

#include "harness/harness.h"
#include "loop/closer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct passed passed;
static int before;

static void start(void)
{
    before = harness_fd_count();
}

static void stop(void)
{
    passed_drop(&passed, UINT64_MAX);
    cr_assert_eq(passed.count, 0);
    cr_assert(closer_finish());
    cr_assert_eq(harness_fd_count(), before);
}

TestSuite(passed, .init = start, .fini = stop);

/* As if a recvmsg(2) had brought so many with these bytes. */
static void came(size_t count, uint64_t from, uint64_t to, int flags)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_flags = flags};
    if (count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        for (size_t i = 0; i < count; i++) {
            int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
            memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
        }
    }
    passed_add(&passed, &message, from, to);
}

static void takes_one(uint64_t end)
{
    int fd = passed_take(&passed, end);
    cr_assert_geq(fd, 0);
    cr_assert_eq(close(fd), 0);
}

Test(passed, each_goes_to_the_message_that_it_came_with)
{
    came(1, 0, 10, 0);
    came(1, 10, 20, 0);
    takes_one(10);
    cr_assert_eq(passed_take(&passed, 10), -ENOENT);
    takes_one(15);
    cr_assert_eq(passed_take(&passed, 20), -ENOENT);
}

Test(passed, what_may_belong_to_a_later_message_stays)
{
    came(1, 5, 30, 0);
    passed_drop(&passed, 10);
    cr_assert_eq(passed.count, 1);
    takes_one(20);
    came(1, 30, 40, 0);
    passed_drop(&passed, 40);
    cr_assert_eq(passed_take(&passed, 50), -ENOENT);
}

Test(passed, several_are_none)
{
    came(2, 0, 10, 0);
    came(1, 20, 30, 0);
    cr_assert_eq(passed_take(&passed, 20), -E2BIG);
    takes_one(30);
    came(1, 30, 40, 0);
    came(1, 40, 50, 0);
    cr_assert_eq(passed_take(&passed, 50), -E2BIG);
}

Test(passed, one_that_was_lost_on_the_way_is_told)
{
    came(0, 0, 10, MSG_CTRUNC);
    cr_assert_eq(passed_take(&passed, 10), -EMFILE);
    cr_assert_eq(passed_take(&passed, 10), -ENOENT);
    came(0, 10, 20, 0);
    cr_assert_eq(passed.count, 0);
}

Test(passed, there_are_never_many)
{
    for (uint64_t i = 0; i < 100; i++)
        came(8, i, i + 1, 0);
    cr_assert(closer_finish());
    cr_assert_leq(harness_fd_count(), before + PASSED_MAX);
    cr_assert_eq(passed_take(&passed, 1000), -E2BIG);
}
