/* The table of options: what holds for every row of it. */
#include "config/options_table.h"

#include "util/quota.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(options_table, names_are_unique_and_found)
{
    for (size_t i = 0; i < options_row_count; i++) {
        const struct options_row *row = &options_rows[i];
        char key[OPTIONS_NAME];
        cr_assert_eq(options_find(row->name, strlen(row->name)), row, "%s", row->name);
        cr_assert_lt(strlen(row->name), OPTIONS_NAME);
        cr_assert_null(strchr(options_key(row, key), '-'));
    }
}

/* What the manual shows must be possible. */
Test(options_table, defaults_and_examples_are_values)
{
    struct options options;
    cr_assert_eq(options_init(&options), 0);
    for (size_t i = 0; i < options_row_count; i++) {
        const struct options_row *row = &options_rows[i];
        if (!(row->where & OPTIONS_IN_FILE))
            continue;
        const char *value = row->fallback ? row->fallback : row->example;
        cr_assert_not_null(value, "%s", row->name);
        cr_assert_eq(options_set(&options, row, value), 0, "%s = %s", row->name, value);
        struct options_value got;
        options_get(&options, row, &got);
        cr_assert_neq(got.type, OPTIONS_NOTHING, "%s", row->name);
    }
    options_deinit(&options);
}

Test(options_table, sentences_fit_into_a_list)
{
    for (size_t i = 0; i < options_row_count; i++) {
        const char *help = options_rows[i].help;
        cr_assert_neq(help[strlen(help) - 1], '.', "%s", options_rows[i].name);
        cr_assert(*help >= 'a' && *help <= 'z', "%s", options_rows[i].name);
    }
}

Test(options_table, quotas_default_to_what_the_accounts_default_to)
{
    struct options options;
    struct quota *quota;
    struct quota_limits none = {{0}};
    cr_assert_eq(options_init(&options), 0);
    cr_assert_eq(quota_new(&quota, &none), 0);
    struct quota_user *user = quota_user_get(quota, 1000);
    for (int kind = 0; kind < QUOTA_KINDS; kind++)
        if (options.quota.most[kind] > 0)
            cr_assert_eq(options.quota.most[kind], quota_limit(user, (enum quota_kind)kind));
    quota_user_put(user);
    quota_free(quota);
    options_deinit(&options);
}

Test(options_table, a_value_that_will_not_do_changes_nothing)
{
    struct options options;
    cr_assert_eq(options_init(&options), 0);
    const struct options_row *row = options_find("handler-cpu", strlen("handler-cpu"));
    cr_assert_eq(options_set(&options, row, "0"), -EINVAL);
    cr_assert_eq(options.handler_cpu, 5);
    row = options_find("socket-mode", strlen("socket-mode"));
    cr_assert_eq(options_set(&options, row, "9"), -EINVAL);
    cr_assert_not(options.has_socket_mode);
    options_deinit(&options);
}
