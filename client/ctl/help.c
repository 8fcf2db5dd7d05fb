/*
 * --help. See help.h.
 */
#include "client/ctl/help.h"

#include "client/ctl/verbs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char general[] =
    "Options of every command:\n"
    "  --socket PATH    the daemon's control socket, in place of $SOCKD_SOCKET,\n"
    "                   $XDG_RUNTIME_DIR/sockd/sockd.sock, /run/sockd/sockd.sock\n"
    "  --host URL       the daemon of another machine, by ssh: ssh://[user@]box[:port][/socket]\n"
    "  --timeout S      give up after S seconds; what was to be read stays\n"
    "  --json           results as JSON, one object a line\n"
    "  --raw            no escapes for control characters on a terminal\n"
    "  --daemon-path    relative paths count from the daemon's working directory, not from here\n"
    "  --help           this\n"
    "  --version        which version this is\n";

static const char statuses[] =
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 no daemon, 4 refused by sockd's rules,\n"
    "5 end of stream before what was asked for, 124 timeout, 130 interrupted.\n";

/* A parameter as the usage shows it. */
static void print_param(const struct method_param *param)
{
    const char *name = param->type == METHOD_TYPE_HANDLE ? "handle" : param->name;
    bool rest = param->type == METHOD_TYPE_REST;

    printf(param->required ? " " : " [");
    for (const char *at = rest ? "json" : name; *at; at++)
        putchar(toupper((unsigned char)*at));
    printf(rest ? " ...]" : param->required ? "" : "]");
}

static void print_arguments(const struct verb *verb, const struct method *method)
{
    if (verb->arguments) {
        printf("%s%s", verb->arguments[0] ? " " : "", verb->arguments);
        return;
    }
    for (unsigned i = 0; method && i < method->count; i++)
        print_param(&method->params[i]);
}

static const char *doc_of(const struct verb *verb, const struct method *method)
{
    if (verb->doc)
        return verb->doc;
    return method ? method->doc : "";
}

static const struct verb *special(const char *name)
{
    const struct method *method;
    const struct verb *verb = verbs_find(name, &method);

    return verb && verb->name ? verb : NULL;
}

static void print_entry(const char *name, const struct verb *verb, const struct method *method)
{
    printf("  %s", name);
    print_arguments(verb, method);
    printf("\n      %s.\n", doc_of(verb, method));
}

static void print_program(void)
{
    printf("Usage: sockctl [OPTION ...] COMMAND [ARGUMENT ...]\n\nCommands:\n");
    for (size_t i = 0; verbs[i]; i++) {
        const char *method = verbs[i]->method;
        if (verbs[i]->name[0] == '_')
            continue;
        print_entry(verbs[i]->name, verbs[i], method ? methods_find(method, strlen(method)) : NULL);
    }
    for (int id = 0; id < METHOD_COUNT; id++) {
        if (!special(methods[id].name))
            print_entry(methods[id].name, &verb_method, &methods[id]);
    }
    printf("\nconnect is tcp_connect, server is tcp_server; \"sockd.\" may be left out.\n\n%s\n%s",
           general, statuses);
}

static void print_params(const struct method *method)
{
    for (unsigned i = 0; i < method->count; i++) {
        const struct method_param *param = &method->params[i];
        printf("  %-10s %s", param->name, methods_type_expected(param->type));
        if (param->fallback)
            printf(" (default: %s)", param->fallback);
        putchar('\n');
    }
}

static void print_options(const struct verb *verb)
{
    for (size_t i = 0; i < VERB_OPTIONS && verb->options[i].name; i++) {
        const struct verb_option *option = &verb->options[i];
        if (option->letter)
            printf("  -%c,", option->letter);
        printf("  --%s%s%s\n      %s\n", option->name, option->value ? " " : "",
               option->value ? option->value : "", option->doc);
    }
}

static void print_settings(unsigned settings)
{
    for (; settings; settings &= settings - 1) {
        enum method_option option = (enum method_option)(settings & -settings);
        const char *name = methods_option_name(option);
        printf("  --%s ", name);
        for (const char *at = name; *at; at++)
            putchar(toupper((unsigned char)*at));
        printf("\n      %s;\n      %s\n", methods_option_expected(option),
               methods_option_doc(option));
    }
}

/* What a command takes: its method's parameters if it has one, and its options. */
static void print_details(const struct verb *verb, const struct method *method)
{
    unsigned settings = method ? method->options & METHOD_SETTINGS : 0;

    if (method && method->count > 0) {
        printf("Parameters; each but JSON may also be given as an option, --NAME VALUE:\n");
        print_params(method);
        putchar('\n');
    }
    if (verb->options[0].name || settings) {
        printf("Options of this command:\n");
        print_options(verb);
        print_settings(settings);
        putchar('\n');
    }
}

static void print_verb(const struct command *command, const char *name)
{
    printf("Usage: sockctl %s", name);
    print_arguments(command->verb, command->method);
    printf("\n\n%s.\n\n", doc_of(command->verb, command->method));
    print_details(command->verb, command->method);
    printf("%s\n%s", general, statuses);
}

void help_print(const struct command *command, const char *verb)
{
    if (command->verb)
        print_verb(command, verb);
    else
        print_program();
}
