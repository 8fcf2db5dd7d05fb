/* Lists of script files. */
#include "scripts/script_list.h"

#include "harness/harness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX];
static struct scripts scripts;

static void setup(void)
{
    cr_assert_eq(harness_tempdir_new(folder, sizeof folder), 0);
}

static void teardown(void)
{
    scripts_deinit(&scripts);
    cr_assert_eq(harness_tempdir_free(folder), 0);
}

TestSuite(scripts, .init = setup, .fini = teardown);

static const char *path_of(const char *name)
{
    static char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *touch(const char *name)
{
    FILE *file = fopen(path_of(name), "w");
    cr_assert_not_null(file);
    fclose(file);
    return path_of(name);
}

Test(scripts, of_a_folder_in_order_of_names)
{
    touch("b.lua");
    touch("a.lua");
    touch(".hidden.lua");
    touch("README");
    cr_assert_eq(scripts_find(&scripts, folder), 0);
    cr_assert_eq(scripts.count, 2);
    cr_assert_str_eq(scripts.paths[0], path_of("a.lua"));
    cr_assert_str_eq(scripts.paths[1], path_of("b.lua"));
}

Test(scripts, a_file_is_in_the_list_once_under_whatever_name)
{
    touch("a.lua");
    cr_assert_eq(scripts_find(&scripts, path_of("a.lua")), 0);
    cr_assert_eq(scripts_find(&scripts, path_of("./a.lua")), 0);
    cr_assert_eq(scripts_find(&scripts, folder), 0);
    cr_assert_eq(scripts.count, 1);
    cr_assert(!scripts_has(&scripts, path_of("b.lua")));
    cr_assert(scripts_has(&scripts, path_of("././a.lua")));
}

Test(scripts, a_file_need_not_exist_and_a_folder_that_is_closed_is_an_error)
{
    cr_assert_eq(scripts_find(&scripts, "/none/such.lua"), 0);
    cr_assert_eq(scripts_find(&scripts, "/none/such.lua"), 0);
    cr_assert_eq(scripts.count, 1);
    cr_assert_eq(chmod(folder, 0), 0);
    if (geteuid() != 0)
        cr_assert_eq(scripts_find(&scripts, folder), -EACCES);
    cr_assert_eq(chmod(folder, 0700), 0);
}
