/* The list of verbs: every method is one, by each of its names. */
#include "client/ctl/verbs.h"

#include <criterion/criterion.h>
#include <string.h>

Test(ctl_verbs, every_method_is_a_verb)
{
    for (int id = 0; id < METHOD_COUNT; id++) {
        const struct method *method;
        const struct verb *verb = verbs_find(methods[id].name, &method);
        cr_assert_not_null(verb, "%s", methods[id].name);
        cr_assert_eq(method, &methods[id], "%s", methods[id].name);
        cr_assert_not_null(verb->run);
    }
}

static void is(const char *name, const struct verb *expected, enum method_id id)
{
    const struct method *method;

    cr_assert_eq(verbs_find(name, &method), expected, "%s", name);
    cr_assert_eq(method, &methods[id], "%s", name);
}

Test(ctl_verbs, shorter_names)
{
    is("connect", &verb_method, METHOD_tcp_connect);
    is("server", &verb_method, METHOD_tcp_server);
    is("ping", &verb_method, METHOD_sockd_ping);
    is("eval", &verb_method, METHOD_sockd_eval);
    is("list", &verb_method, METHOD_sockd_list);
    is("ls", &verb_list, METHOD_sockd_list);
    is("api", &verb_api, METHOD_sockd_api);
    is("send", &verb_send, METHOD_send);
}

Test(ctl_verbs, others_are_none)
{
    const struct method *method;
    char longest[200];

    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = 0;
    cr_assert_null(verbs_find("", &method));
    cr_assert_null(verbs_find("pong", &method));
    cr_assert_null(verbs_find(longest, &method));
    cr_assert_eq(verbs_find("call", &method), &verb_call);
    cr_assert_null(method);
}
