/*
 * The list of verbs. See verbs.h.
 */
#include "client/ctl/verbs.h"

#include <stdio.h>
#include <string.h>

const struct verb *const verbs[] = {
    &verb_api,        &verb_attach, &verb_call,     &verb_complete, &verb_console,
    &verb_dial_stdio, &verb_give,   &verb_list,     &verb_read,     &verb_send,
    &verb_stats,      &verb_stream, &verb_syswrite, &verb_take,     &verb_tap,
    &verb_top,        &verb_watch,  &verb_write,    NULL,
};

/* Shorter words for methods. */
static const struct {
    const char *name;
    const char *method;
} aliases[] = {
    {"connect", "tcp_connect"},
    {"server", "tcp_server"},
};

static const struct method *find_method(const char *name)
{
    char full[80];

    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        if (strcmp(aliases[i].name, name) == 0)
            name = aliases[i].method;
    }
    const struct method *method = methods_find(name, strlen(name));
    if (method)
        return method;
    int length = snprintf(full, sizeof full, "sockd.%s", name);
    return (size_t)length < sizeof full ? methods_find(full, (size_t)length) : NULL;
}

const struct verb *verbs_find(const char *name, const struct method **method)
{
    for (size_t i = 0; verbs[i]; i++) {
        const char *calls = verbs[i]->method;
        if (strcmp(verbs[i]->name, name) == 0) {
            *method = calls ? methods_find(calls, strlen(calls)) : NULL;
            return verbs[i];
        }
    }
    *method = find_method(name);
    return *method ? &verb_method : NULL;
}
