/* The pool: sizes, reuse, and that it knows what is out. */
#include "util/pool.h"

#include "harness/harness.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct pool *pool;
static int fds;

static void setup(void)
{
    fds = harness_fd_count();
    cr_assert_eq(pool_new(&pool), 0);
}

static void teardown(void)
{
    pool_free(pool);
    cr_expect_eq(harness_fd_count(), fds, "a descriptor was left");
}

TestSuite(pool, .init = setup, .fini = teardown);

Test(pool, blocks_have_powers_of_two_and_hold_what_was_asked)
{
    static const size_t asked[] = {0, 1, 4095, 4096, 4097, 65536, 65537, 262144, 262145, 16 << 20};
    static const size_t given[] = {4096,  4096,   4096,   4096,   8192,
                                   65536, 131072, 262144, 524288, 16 << 20};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        size_t actual = 0;
        uint8_t *block = pool_take(pool, asked[i], &actual);
        cr_assert_not_null(block);
        cr_assert_eq(actual, given[i]);
        cr_assert_eq(pool_in_use(pool), actual);
        memset(block, 0xaa, actual);
        pool_give(pool, block, actual);
        cr_assert_eq(pool_in_use(pool), 0);
    }
}

Test(pool, blocks_do_not_overlap)
{
    enum { COUNT = 600 }; /* more than one slab of the smaller ones */
    uint8_t *blocks[COUNT];
    size_t sizes[COUNT];
    for (int i = 0; i < COUNT; i++) {
        blocks[i] = pool_take(pool, (size_t)4096 << (i % 5), &sizes[i]);
        cr_assert_not_null(blocks[i]);
        memset(blocks[i], i & 0xff, sizes[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        cr_assert_eq(blocks[i][0], i & 0xff);
        cr_assert_eq(memcmp(blocks[i], blocks[i] + 1, sizes[i] - 1), 0, "block %d was changed", i);
        pool_give(pool, blocks[i], sizes[i]);
    }
}

static void is_taken_again(size_t size)
{
    size_t actual;
    void *first = pool_take(pool, size, &actual);
    pool_give(pool, first, actual);
    void *second = pool_take(pool, size, &actual);
    cr_assert_eq(first, second);
    pool_give(pool, second, actual);
}

Test(pool, a_block_given_back_is_taken_again)
{
    is_taken_again(4096);
    is_taken_again(100000);
}

Test(pool, a_large_block_given_back_is_taken_again)
{
    is_taken_again(1 << 20);
}

/* How many bytes of memory the pool's file holds: st_blocks of the memfd. */
static long long resident(void)
{
    long long most = -1;
    for (int fd = 0; fd < 256; fd++) {
        char link[64], target[256];
        struct stat file;
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, target, sizeof target - 1);
        if (length > 0 && memmem(target, (size_t)length, "sockd-bytes", 11) != NULL &&
            fstat(fd, &file) == 0)
            most = (long long)file.st_blocks * 512;
    }
    return most;
}

Test(pool, the_pages_of_a_large_block_go_back_to_the_kernel)
{
    size_t actual;
    void *block = pool_take(pool, 8 << 20, &actual);
    memset(block, 1, actual);
    cr_assert_geq(resident(), 8 << 20);
    pool_give(pool, block, actual);
    cr_assert_lt(resident(), 1 << 20);
}

Test(pool, a_large_block_that_goes_to_and_fro_keeps_its_pages)
{
    size_t actual;
    for (int i = 0; i < 3; i++) {
        void *block = pool_take(pool, 256 << 10, &actual);
        memset(block, 1, actual);
        pool_give(pool, block, actual);
        cr_assert_eq(resident(), 256 << 10);
    }
}

Test(pool, of_many_large_blocks_a_mebibyte_keeps_its_pages)
{
    enum { COUNT = 16 };
    void *blocks[COUNT];
    size_t actual;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT; i++) {
            blocks[i] = pool_take(pool, 256 << 10, &actual);
            memset(blocks[i], 1, actual);
        }
        cr_assert_geq(resident(), COUNT * (256 << 10));
        for (int i = 0; i < COUNT; i++)
            pool_give(pool, blocks[i], actual);
        /* the others keep the page that links them */
        cr_assert_leq(resident(), (1 << 20) + COUNT * 4096);
    }
}

Test(pool, what_is_taken_no_more_does_not_keep_others_from_being_warm)
{
    size_t actual;
    void *block = pool_take(pool, 1 << 20, &actual);
    memset(block, 1, actual);
    pool_give(pool, block, actual);
    block = pool_take(pool, 256 << 10, &actual);
    memset(block, 1, actual);
    pool_give(pool, block, actual);
    cr_assert_eq(resident(), (256 << 10) + 4096);
}

Test(pool, all_blocks_lie_in_one_memfd_that_no_child_inherits)
{
    cr_assert_eq(harness_fd_count(), fds + 1);
    size_t actual;
    void *block = pool_take(pool, 1, &actual);
    void *large = pool_take(pool, 1 << 20, &actual);
    cr_assert_eq(harness_fd_count(), fds + 1);
    pool_give(pool, block, 4096);
    pool_give(pool, large, 1 << 20);
    for (int fd = 3; fd < 256; fd++) {
        char link[64], target[256];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, target, sizeof target);
        if (length > 0 && memmem(target, (size_t)length, "sockd-bytes", 11) != NULL)
            cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
}

Test(pool, more_than_any_class_holds_is_refused)
{
    size_t actual;
    cr_assert_null(pool_take(pool, ((size_t)1 << 40) + 1, &actual));
    cr_assert_null(pool_take(pool, SIZE_MAX, &actual));
    cr_assert_eq(pool_in_use(pool), 0);
}

Test(pool, nothing_is_freed)
{
    pool_free(NULL);
}

Test(pool, a_block_that_was_not_given_back_is_found_out, .signal = SIGABRT)
{
    size_t actual;
    pool_take(pool, 1, &actual);
    pool_free(pool);
}
