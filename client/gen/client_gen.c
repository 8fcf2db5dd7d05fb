/*
 * Writes the typed functions of libsockd from the method table, two a method: one that waits, and
 * one that calls back.
 *
 *     client_gen methods.h | methods.c     sockd_read(client, h, …, &bytes)
 *     client_gen submit.h | submit.c       sockd_submit_read(client, h, …, callback, …)
 *     client_gen manual                    the former as a part of libsockd(3), for scdoc
 *
 * A method with a host and a port gets a second function with _unix to its name, which takes a
 * path instead; one that reads until something gets a second with _until, which takes a delimiter;
 * one that takes a value of any type a second with _int, for a number. One that makes a socket gets
 * another with _with, which takes the new handle's settings.
 */
#include "forms.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum style {
    BLOCKING,
    ASYNCHRONOUS,
};

enum { ROOM = 4096 };

/* How long lines may be: in a manual page there is less room. */
static size_t line_length = 100;

/* Text that is being put together. */
struct text {
    char bytes[ROOM];
    size_t size;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text->bytes + text->size, ROOM - text->size, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= ROOM - text->size) {
        fprintf(stderr, "client_gen: a function's text is too long\n");
        exit(EXIT_FAILURE);
    }
    text->size += (size_t)length;
}

/* How long the text is that no line break may part. */
static size_t word_size(const char *at, char glue)
{
    size_t size = strcspn(at, " ");

    while (glue && at[size] && at[size - 1] != glue)
        size += 1 + strcspn(at + size + 1, " ");
    return size;
}

/* Prints words with line breaks at spaces, each new line after the first begun by indent. With
 * glue a space breaks only behind that character. */
static void print_wrapped(const char *words, const char *indent, char glue)
{
    size_t column = 0;

    for (const char *at = words; *at;) {
        size_t size = word_size(at, glue);
        if (column > strlen(indent) && column + 1 + size > line_length) {
            printf("\n%s", indent);
            column = strlen(indent);
        } else if (at > words) {
            putchar(' ');
            column++;
        }
        printf("%.*s", (int)size, at);
        column += size;
        at += size;
        at += strspn(at, " ");
    }
}

static void add_name(struct text *text, const struct method *method, enum variant variant,
                     enum style style)
{
    static const char *const suffixes[VARIANTS] = {
        [UNIX] = "_unix", [UNTIL] = "_until",         [INT] = "_int",
        [WITH] = "_with", [UNIX_WITH] = "_unix_with",
    };
    const char *name = method->name;

    add(text, style == BLOCKING ? "sockd_" : "sockd_submit_");
    if (strncmp(name, "sockd.", 6) == 0)
        name += 6;
    for (; *name; name++)
        add(text, "%c", *name == '.' ? '_' : *name);
    if (suffixes[variant])
        add(text, "%s", suffixes[variant]);
}

static const char callback_declaration[] =
    ", sockd_answer_fn callback, void *context, uint32_t *request";

/* Formats are those of forms.c, each made for one name. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void print_prototype(const struct method *method, enum variant variant, enum style style,
                            const char *end)
{
    struct text text = {.size = 0};

    add(&text, "int ");
    add_name(&text, method, variant, style);
    add(&text, "(struct sockd_client *client");
    for (unsigned i = 0; i < method->count; i++) {
        const char *format = forms_declaration(method->params[i].type, variant);
        if (!format)
            continue;
        add(&text, ", ");
        add(&text, format, method->params[i].name);
    }
    if (forms_has_timeout_option(method))
        add(&text, ", double timeout");
    if (forms_has_settings(method, variant))
        add(&text, ", const struct sockd_settings *settings");
    add(&text, "%s)%s",
        style == BLOCKING ? forms_result(method)->declaration : callback_declaration, end);
    print_wrapped(text.bytes, "    ", ',');
}

static void print_comment(const struct method *method, enum variant variant, enum style style)
{
    struct text text = {.size = 0};

    add(&text, "/* %s.", method->doc);
    if (forms_is_unix(variant))
        add(&text, " This one is for unix sockets.");
    if (forms_makes_sockets(method) && forms_has_settings(method, variant))
        add(&text, " This one gives it settings.");
    if (variant == UNTIL)
        add(&text,
            " This one ends behind the delimiter, or at the limit, SOCKD_NO_LIMIT for none.");
    if (variant == INT)
        add(&text, " This one is for numbers.");
    for (unsigned i = 0; i < method->count; i++) {
        const struct method_param *param = &method->params[i];
        if (param->fallback && !(forms_is_unix(variant) && param->type == METHOD_TYPE_PORT))
            add(&text, " %s %s: %s.", param->name, forms_default(param->type), param->fallback);
    }
    if (style == ASYNCHRONOUS)
        add(&text, " The answer: sockd_answer_%s().", forms_result(method)->getter);
    add(&text, " */");
    print_wrapped(text.bytes, " * ", '\0');
    putchar('\n');
}

static void print_declarations(const struct method *method, enum variant variant, enum style style)
{
    putchar('\n');
    print_comment(method, variant, style);
    print_prototype(method, variant, style, ";");
    putchar('\n');
}

static void print_end(const struct method *method, enum style style)
{
    if (style == ASYNCHRONOUS)
        printf("    return call_submit(&call, callback, context, request);\n}\n");
    else
        printf("    return call_end(&call, sockd_answer_%s(call_finish(&call), %s));\n}\n",
               forms_result(method)->getter, forms_result(method)->arguments);
}

static void print_definition(const struct method *method, enum variant variant, enum style style)
{
    bool timed = forms_has_timeout_option(method), set = forms_has_settings(method, variant);
    unsigned count = method->count;
    const char *rest = NULL;

    if (methods_is_variadic(method))
        rest = method->params[--count].name;
    printf("\n");
    print_prototype(method, variant, style, "");
    printf("\n{\n    struct call call;\n\n");
    printf("    call_begin%s(&call, client, \"%s\", %u, %u%s%s);\n", rest ? "_rest" : "",
           method->name, method->name_size, count + (timed || set), rest ? ", " : "",
           rest ? rest : "");
    for (unsigned i = 0; i < method->count; i++) {
        struct text text = {.size = 0};
        add(&text, forms_statement(method->params[i].type, variant), method->params[i].name);
        printf("    %s\n", text.bytes);
    }
    if (set)
        printf("    call_options(&call, %s, settings);\n", timed ? "timeout" : "SOCKD_FOREVER");
    else if (timed)
        printf("    call_timeout_option(&call, timeout);\n");
    print_end(method, style);
}

static void for_each(void (*print)(const struct method *, enum variant, enum style),
                     enum style style)
{
    for (int id = 0; id < METHOD_COUNT; id++) {
        for (int variant = PLAIN; variant < VARIANTS; variant++) {
            if (forms_has_variant(&methods[id], (enum variant)variant))
                print(&methods[id], (enum variant)variant, style);
        }
    }
}

static const char blocking_text[] =
    "/*\n"
    " * The methods of sockd, one function each. Written from the method table when libsockd\n"
    " * was built; include sockd/client.h.\n"
    " *\n"
    " * Each returns 0 or a negative errno, of which sockd_last_error() tells more. Results are\n"
    " * set on success only; NULL for one that is not wanted. What they point to lives until the\n"
    " * client's next call.\n"
    " *\n"
    " * - h is a handle, a positive number; sockd_find() gives that of a name.\n"
    " * - Timeouts are seconds, with fractions; 0 or less tries once, SOCKD_FOREVER does not end.\n"
    " * - Hosts are names or addresses, NULL is any of this machine's; ports are 0 to 65535.\n"
    " * - Domains, types, protocols, levels, options and flags are the numbers of sys/socket.h.\n"
    " * - One call carries up to SOCKD_DATA_MAX bytes of data.\n"
    " *\n"
    " * Errors of the system's calls are handed on as they are. The daemon's own: -EBADF no such\n"
    " * socket, or it was closed meanwhile; -EPERM not the caller's, or for administrators; "
    "-EINVAL\n"
    " * wrong arguments; -ETIMEDOUT, and nothing was taken; -EDQUOT a quota; -ECANCELED the "
    "request\n"
    " * was cancelled; -ENOSYS the daemon is older than the method. Of a look-up that failed the\n"
    " * error has a name like EAI_NONAME. This library's: -EMSGSIZE too much for one call; "
    "-ENOMEM;\n"
    " * -EINTR, see sockd_set_interrupt(); -EDEADLK within a callback; -EPROTO an answer that the\n"
    " * method does not promise; and what ended the connection.\n"
    " */\n";

static const char asynchronous_text[] =
    "/*\n"
    " * The methods of sockd as asynchronous requests, one function each: sockd_submit() with the\n"
    " * method's own parameters, and with the same errors. Written from the method table when\n"
    " * libsockd was built; include sockd/client.h.\n"
    " *\n"
    " * Each comment ends with the function of sockd/answer.h that takes the answer.\n"
    " */\n";

static void print_header(enum style style)
{
    const char *guard = style == BLOCKING ? "SOCKD_METHODS_H" : "SOCKD_SUBMIT_H";

    printf("%s#ifndef %s\n#define %s\n\n", style == BLOCKING ? blocking_text : asynchronous_text,
           guard, guard);
    printf("#include <sockd/async.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    for_each(print_declarations, style);
    printf("\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}

static void print_source(enum style style)
{
    printf("/* The methods of sockd, written from the method table by client/gen. */\n"
           "#include \"client/call.h\"\n"
           "\n"
           "#include <sockd/client.h>\n");
    for_each(print_definition, style);
}

/* All variants in one block, then what they have in common. */
static void print_manual(const struct method *method)
{
    bool any = false;

    for (int variant = PLAIN; variant < VARIANTS; variant++) {
        if (!forms_has_variant(method, (enum variant)variant))
            continue;
        printf("%s", any ? "\n" : "```\n");
        print_prototype(method, (enum variant)variant, BLOCKING, ";");
        any = true;
    }
    if (any)
        printf("\n```\n\n\t%s.\n\n", method->doc);
}

int main(int argc, char **argv)
{
    const char *file = argc == 2 ? argv[1] : "";

    if (strcmp(file, "methods.h") == 0) {
        print_header(BLOCKING);
    } else if (strcmp(file, "submit.h") == 0) {
        print_header(ASYNCHRONOUS);
    } else if (strcmp(file, "methods.c") == 0) {
        print_source(BLOCKING);
    } else if (strcmp(file, "submit.c") == 0) {
        print_source(ASYNCHRONOUS);
    } else if (strcmp(file, "manual") == 0) {
        line_length = 72;
        for (int id = 0; id < METHOD_COUNT; id++)
            print_manual(&methods[id]);
    } else {
        fprintf(stderr, "usage: client_gen methods.h|methods.c|submit.h|submit.c|manual\n");
        return EXIT_FAILURE;
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
