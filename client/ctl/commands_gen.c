/*
 * Writes the commands of sockctl for its manual page, in scdoc(5), from the verbs and the method
 * table.
 */
#include "client/ctl/verbs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* What means something to scdoc is escaped. */
static void put(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (strchr("\\*_#[]<>~`|", *at))
            putchar('\\');
        putchar(*at == '\n' ? ' ' : *at);
    }
}

static void put_param(const struct method_param *param)
{
    bool rest = param->type == METHOD_TYPE_REST;
    const char *name = rest ? "json" : param->type == METHOD_TYPE_HANDLE ? "handle" : param->name;

    printf(param->required ? " _" : " \\[_");
    put(name);
    printf(rest ? "_ ...\\]" : param->required ? "_" : "_\\]");
}

static void put_usage(const char *name, const struct verb *verb, const struct method *method)
{
    printf("*");
    put(name);
    printf("*");
    if (verb->arguments && verb->arguments[0]) {
        putchar(' ');
        put(verb->arguments);
    }
    for (unsigned i = 0; method && !verb->arguments && i < method->count; i++)
        put_param(&method->params[i]);
    putchar('\n');
}

static void put_options(const struct verb *verb)
{
    for (size_t i = 0; i < VERB_OPTIONS && verb->options[i].name; i++) {
        const struct verb_option *option = &verb->options[i];
        printf("\n\t*--");
        put(option->name);
        printf("*");
        if (option->value) {
            printf(" _");
            put(option->value);
            printf("_");
        }
        if (option->letter)
            printf(", *-%c*", option->letter);
        printf(": ");
        put(option->doc);
        printf(".\n");
    }
}

/* The defaults of a method's optional parameters, where they say something. */
static void put_defaults(const struct method *method)
{
    for (unsigned i = 0; i < method->count; i++) {
        const struct method_param *param = &method->params[i];
        if (!param->fallback)
            continue;
        printf("\n\tWithout _");
        put(param->name);
        printf("_: ");
        put(param->fallback);
        printf(".\n");
    }
}

static void put_entry(const char *name, const struct verb *verb, const struct method *method)
{
    put_usage(name, verb, method);
    printf("\t");
    put(verb->doc ? verb->doc : method->doc);
    printf(".\n");
    put_options(verb);
    if (method && !verb->arguments)
        put_defaults(method);
    putchar('\n');
}

static void put_settings(void)
{
    for (unsigned set = METHOD_SETTINGS; set; set &= set - 1) {
        enum method_option option = (enum method_option)(set & -set);
        printf("*--");
        put(methods_option_name(option));
        printf("* ");
        put(methods_option_expected(option));
        printf("\n\t");
        put(methods_option_doc(option));
        printf(".\n\n");
    }
}

static void put_commands(void)
{
    const struct method *method;

    for (size_t i = 0; verbs[i]; i++) {
        verbs_find(verbs[i]->name, &method);
        if (verbs[i]->name[0] != '_')
            put_entry(verbs[i]->name, verbs[i], method);
    }
}

/* A method whose word is a command of its own stands there already. */
static void put_methods(void)
{
    const struct method *method;

    for (int id = 0; id < METHOD_COUNT; id++) {
        const char *dot = strchr(methods[id].name, '.');
        const char *name = dot ? dot + 1 : methods[id].name;
        if (verbs_find(name, &method) == &verb_method)
            put_entry(name, &verb_method, &methods[id]);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (strcmp(what, "commands") == 0)
        put_commands();
    else if (strcmp(what, "methods") == 0)
        put_methods();
    else if (strcmp(what, "settings") == 0)
        put_settings();
    else
        return 1;
    return 0;
}
