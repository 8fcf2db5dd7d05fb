/* The method table: its rows are sound, and each is found by its name. */
#include "protocol/methods.h"

#include <criterion/criterion.h>
#include <string.h>

Test(methods, each_is_found_by_its_name)
{
    for (int id = 0; id < METHOD_COUNT; id++) {
        const struct method *method = methods_find(methods[id].name, strlen(methods[id].name));
        cr_assert_eq(method, &methods[id], "%s", methods[id].name);
        cr_assert_eq((int)methods_id(method), id);
    }
    cr_assert_eq(methods_find("sockd.ping", 10), &methods[METHOD_sockd_ping]);
}

Test(methods, others_are_not_found)
{
    static const char *const names[] = {"",           "a",           "bin",    "bine",
                                        "sockd.pong", "sockd.pingg", "socketx"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_assert_null(methods_find(names[i], strlen(names[i])), "%s", names[i]);
    char longest[300];
    memset(longest, 'a', sizeof longest);
    cr_assert_null(methods_find(longest, sizeof longest));
}

static void check_params(const struct method *method)
{
    bool optional = false;

    for (unsigned i = 0; i < method->count; i++) {
        const struct method_param *param = &method->params[i];
        cr_assert_not(param->required && optional, "%s: %s", method->name, param->name);
        optional = optional || !param->required;
        cr_assert_eq(param->required, param->fallback == NULL, "%s: %s", method->name, param->name);
        cr_assert_eq(methods_param(method, param->name, strlen(param->name)), (int)i);
        if (param->type == METHOD_TYPE_REST)
            cr_assert_eq(i + 1, method->count, "%s: %s", method->name, param->name);
    }
}

Test(methods, rows_are_sound)
{
    for (int id = 0; id < METHOD_COUNT; id++) {
        const struct method *method = &methods[id];
        cr_assert_leq(method->count, LIMIT_PARAMS);
        cr_assert(method->level >= 1 && method->level <= LIMIT_LEVEL);
        cr_assert_gt(strlen(method->doc), 5);
        cr_assert_not_null(methods_result_name(method->result));
        cr_assert_not_null(methods_caller_name(method->caller));
        check_params(method);
        if (methods_is_variadic(method))
            cr_assert_eq(method->options, 0, "%s", method->name);
        if (method->caller == METHOD_CALLER_OWNER)
            cr_assert_eq(method->params[0].type, METHOD_TYPE_HANDLE, "%s", method->name);
    }
}

Test(methods, options)
{
    cr_assert_eq(methods_option("timeout", 7), METHOD_OPTION_TIMEOUT);
    cr_assert_eq(methods_option("name", 4), METHOD_OPTION_NAME);
    cr_assert_eq(methods_option("nam", 3), 0);
    cr_assert_str_eq(methods_option_name(METHOD_OPTION_NAME), "name");
    cr_assert_null(methods_option_name((enum method_option)(1 << 30)));
    for (unsigned set = METHOD_OPTION_TIMEOUT | METHOD_SETTINGS; set; set &= set - 1) {
        enum method_option option = (enum method_option)(set & -set);
        const char *name = methods_option_name(option);
        cr_assert_eq(methods_option(name, strlen(name)), option);
        cr_assert_not_null(methods_option_expected(option));
        cr_assert_not_null(methods_option_doc(option));
    }
    cr_assert_null(methods_option_expected((enum method_option)(1 << 30)));
    cr_assert_null(methods_option_doc((enum method_option)(1 << 30)));
    cr_assert_eq(methods[METHOD_accept].options, METHOD_OPTION_TIMEOUT | METHOD_SETTINGS);
    cr_assert_eq(methods[METHOD_socketpair].options, METHOD_SETTINGS & ~METHOD_OPTION_NAME);
    cr_assert_eq(methods[METHOD_close].options, 0);
    cr_assert_eq(methods_param(&methods[METHOD_close], "timeout", 7), -1);
}

Test(methods, every_type_has_a_name_and_a_sentence)
{
    for (int type = 0; type < METHOD_TYPE_COUNT; type++) {
        cr_assert_not_null(methods_type_name((enum method_type)type));
        cr_assert_not_null(methods_type_expected((enum method_type)type));
    }
    for (int result = 0; result < METHOD_RESULT_KINDS; result++) {
        cr_assert_not_null(methods_result_name((enum method_result)result));
        cr_assert_not_null(methods_result_means((enum method_result)result));
    }
}
