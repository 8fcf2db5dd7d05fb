/* Files of text. */
#include "util/file.h"

#include "harness/harness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[100], path[120];

static void up(void)
{
    cr_assert_eq(harness_tempdir_new(folder, sizeof folder), 0);
    snprintf(path, sizeof path, "%s/file", folder);
}

static void down(void)
{
    cr_assert_eq(harness_tempdir_free(folder), 0);
}

TestSuite(file, .init = up, .fini = down);

static void put(const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

Test(file, it_is_read_whole_or_refused)
{
    char *text;
    size_t size;
    put("some text");
    cr_assert_eq(file_read(path, 9, &text, &size), 0);
    cr_assert_eq(size, 9);
    cr_assert_eq(memcmp(text, "some text", 9), 0);
    free(text);
    cr_assert_eq(file_read(path, 8, &text, &size), -EFBIG);
    cr_assert(file_is_regular(path));
}

Test(file, what_would_make_a_reader_wait_is_refused)
{
    char *text;
    size_t size;
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(file_read(path, 100, &text, &size), -EINVAL);
    cr_assert_eq(file_read("/dev/zero", 100, &text, &size), -EINVAL);
    cr_assert_eq(file_read(folder, 100, &text, &size), -EISDIR);
    cr_assert_not(file_is_regular(path));
}
