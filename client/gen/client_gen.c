/*
 * Writes the typed functions of libsockd from the method table, two a method: one that waits, and
 * one that calls back.
 *
 *     client_gen methods.h | methods.c     sockd_read(client, h, …, &bytes)
 *     client_gen submit.h | submit.c       sockd_submit_read(client, h, …, callback, …)
 *
 * A method with a host and a port gets a second function with _unix to its name, which takes a
 * path instead; one that reads until something gets a second with _until, which takes a delimiter;
 * one that takes a value of any type a second with _int, for a number. One that makes a socket gets
 * another with _with, which takes the new handle's settings.
 */
#include "protocol/methods.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum variant {
    PLAIN,
    UNIX,  /* a path instead of host and port */
    UNTIL, /* a delimiter beside the limit */
    INT,   /* a number in the place of any value */
    WITH,  /* settings for what is made */
    UNIX_WITH,
    VARIANTS,
};

enum style {
    BLOCKING,
    ASYNCHRONOUS,
};

enum { LINE = 100, ROOM = 4096 };

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
        if (column > strlen(indent) && column + 1 + size > LINE) {
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

static bool has_type(const struct method *method, enum method_type type)
{
    for (unsigned i = 0; i < method->count; i++) {
        if (method->params[i].type == type)
            return true;
    }
    return false;
}

static bool makes_sockets(const struct method *method)
{
    return method->result == METHOD_RESULT_ID || method->result == METHOD_RESULT_ID_PAIR ||
           method->result == METHOD_RESULT_ID_ADDRESS;
}

static bool is_unix(enum variant variant)
{
    return variant == UNIX || variant == UNIX_WITH;
}

/* What passes a descriptor is written by hand, in pass.c. */
static bool is_by_hand(const struct method *method)
{
    return strcmp(method->name, "sockd.take") == 0 || strcmp(method->name, "sockd.give") == 0;
}

static bool has_variant(const struct method *method, enum variant variant)
{
    if (is_by_hand(method))
        return false;
    if ((variant == WITH || variant == UNIX_WITH) && !makes_sockets(method))
        return false;
    if (is_unix(variant))
        return has_type(method, METHOD_TYPE_HOST) && has_type(method, METHOD_TYPE_PORT);
    if (variant == WITH)
        return true;
    if (variant == INT)
        return has_type(method, METHOD_TYPE_VALUE);
    return variant == PLAIN || has_type(method, METHOD_TYPE_WHAT);
}

/* The timeout comes last if it is no parameter of its own: every call that may wait has one. */
static bool has_timeout_option(const struct method *method)
{
    return (method->options & METHOD_OPTION_TIMEOUT) && !has_type(method, METHOD_TYPE_TIMEOUT);
}

/* The settings come behind it: of a new handle if they are asked for, of an old one always. */
static bool has_settings(const struct method *method, enum variant variant)
{
    return (method->options & METHOD_SETTINGS) &&
           (!makes_sockets(method) || variant == WITH || variant == UNIX_WITH);
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

/* How C declares a parameter; %1$s is its name. */
static const char *declaration(enum method_type type, enum variant variant)
{
    static const char *const plain[METHOD_TYPE_COUNT] = {
        [METHOD_TYPE_HANDLE] = "uint64_t %1$s",
        [METHOD_TYPE_HOST] = "const char *%1$s",
        [METHOD_TYPE_PORT] = "int %1$s",
        [METHOD_TYPE_SERVICE] = "const char *%1$s",
        [METHOD_TYPE_BYTES] = "const void *%1$s, size_t %1$s_size",
        [METHOD_TYPE_WHAT] = "size_t limit",
        [METHOD_TYPE_SIZE] = "size_t %1$s",
        [METHOD_TYPE_AMOUNT] = "int64_t %1$s",
        [METHOD_TYPE_INT] = "int %1$s",
        [METHOD_TYPE_MSGID] = "uint32_t %1$s",
        [METHOD_TYPE_BOOL] = "int %1$s",
        [METHOD_TYPE_STR] = "const char *%1$s",
        [METHOD_TYPE_SYMBOL] = "int %1$s",
        [METHOD_TYPE_FLAGS] = "int %1$s",
        [METHOD_TYPE_NAMES] = "const char *%1$s",
        [METHOD_TYPE_EVENTS] = "int %1$s",
        [METHOD_TYPE_VALUE] = "const struct sockd_args *%1$s",
        [METHOD_TYPE_TIMEOUT] = "double %1$s",
        [METHOD_TYPE_HANDLER] = "const char *%1$s",
        [METHOD_TYPE_MAP] = "const struct sockd_args *%1$s",
        [METHOD_TYPE_REST] = "const struct sockd_args *%1$s",
    };

    if (is_unix(variant) && type == METHOD_TYPE_HOST)
        return NULL;
    if (is_unix(variant) && type == METHOD_TYPE_PORT)
        return "const char *path";
    if (variant == UNTIL && type == METHOD_TYPE_WHAT)
        return "const void *delimiter, size_t delimiter_size, size_t limit";
    if (variant == INT && type == METHOD_TYPE_VALUE)
        return "int %1$s";
    return plain[type];
}

/* How the parameter is written into the request. */
static const char *statement(enum method_type type, enum variant variant)
{
    static const char *const plain[METHOD_TYPE_COUNT] = {
        [METHOD_TYPE_HANDLE] = "call_handle(&call, %1$s);",
        [METHOD_TYPE_HOST] = "call_host(&call, %1$s);",
        [METHOD_TYPE_PORT] = "call_port(&call, %1$s);",
        [METHOD_TYPE_SERVICE] = "call_text_param(&call, %1$s);",
        [METHOD_TYPE_BYTES] = "call_data(&call, %1$s, %1$s_size);",
        [METHOD_TYPE_WHAT] = "call_size(&call, limit);",
        [METHOD_TYPE_SIZE] = "call_size(&call, %1$s);",
        [METHOD_TYPE_AMOUNT] = "call_amount(&call, %1$s);",
        [METHOD_TYPE_INT] = "call_int_param(&call, %1$s);",
        [METHOD_TYPE_MSGID] = "call_msgid(&call, %1$s);",
        [METHOD_TYPE_BOOL] = "call_flag(&call, %1$s);",
        [METHOD_TYPE_STR] = "call_text_param(&call, %1$s);",
        [METHOD_TYPE_SYMBOL] = "call_int_param(&call, %1$s);",
        [METHOD_TYPE_FLAGS] = "call_int_param(&call, %1$s);",
        [METHOD_TYPE_NAMES] = "call_text_param(&call, %1$s);",
        [METHOD_TYPE_EVENTS] = "call_int_param(&call, %1$s);",
        [METHOD_TYPE_VALUE] = "call_one(&call, %1$s);",
        [METHOD_TYPE_TIMEOUT] = "call_timeout(&call, %1$s);",
        [METHOD_TYPE_HANDLER] = "call_text_param(&call, %1$s);",
        [METHOD_TYPE_MAP] = "call_one(&call, %1$s);",
        [METHOD_TYPE_REST] = "call_rest(&call, %1$s);",
    };

    if (is_unix(variant) && type == METHOD_TYPE_HOST)
        return "call_text_param(&call, \"unix/\");";
    if (is_unix(variant) && type == METHOD_TYPE_PORT)
        return "call_text_param(&call, path);";
    if (variant == UNTIL && type == METHOD_TYPE_WHAT)
        return "call_until(&call, delimiter, delimiter_size, limit);";
    if (variant == INT && type == METHOD_TYPE_VALUE)
        return "call_int_param(&call, %1$s);";
    return plain[type];
}

/* How C declares the results; the function of sockd/answer.h that takes them from the answer, and
 * what it is given for them. */
static const struct {
    const char *declaration;
    const char *getter;
    const char *arguments;
} results[] = {
    [METHOD_RESULT_TRUE] = {"", "bool", "NULL"},
    [METHOD_RESULT_BOOL] = {", bool *result", "bool", "result"},
    [METHOD_RESULT_INT] = {", int64_t *result", "int", "result"},
    [METHOD_RESULT_COUNT] = {", size_t *sent", "count", "sent"},
    [METHOD_RESULT_TEXT] = {", const char **text", "text", "text"},
    [METHOD_RESULT_EVENTS] = {", int *events", "events", "events"},
    [METHOD_RESULT_ACTIVITY] = {", int *events", "events", "events"},
    [METHOD_RESULT_BYTES] = {", struct sockd_bytes *bytes", "bytes", "bytes"},
    [METHOD_RESULT_BYTES_STATUS] = {", struct sockd_bytes *bytes, bool *eof", "bytes_status",
                                    "bytes, eof"},
    [METHOD_RESULT_BYTES_FROM] = {", struct sockd_bytes *bytes, struct sockd_address *from",
                                  "bytes_from", "bytes, from"},
    [METHOD_RESULT_ID] = {", uint64_t *id", "id", "id"},
    [METHOD_RESULT_ID_PAIR] = {", uint64_t *first, uint64_t *second", "id_pair", "first, second"},
    [METHOD_RESULT_ID_ADDRESS] = {", uint64_t *id, struct sockd_address *address", "id_address",
                                  "id, address"},
    [METHOD_RESULT_ADDRESS] = {", struct sockd_address *address", "address", "address"},
    [METHOD_RESULT_MAP] = {", const struct sockd_value **value", "value", "value"},
    [METHOD_RESULT_LENT] = {", const struct sockd_value **value", "value", "value"},
    [METHOD_RESULT_LIST] = {", const struct sockd_value **value", "value", "value"},
    [METHOD_RESULT_LINGER] = {", bool *lingers, int *seconds", "linger", "lingers, seconds"},
    [METHOD_RESULT_VALUE] = {", const struct sockd_value **value", "value", "value"},
    [METHOD_RESULT_ANY] = {", const struct sockd_value **value", "value", "value"},
};

static const char callback_declaration[] =
    ", sockd_answer_fn callback, void *context, uint32_t *request";

/* Formats are the tables' above, each made for one name. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void print_prototype(const struct method *method, enum variant variant, enum style style,
                            const char *end)
{
    struct text text = {.size = 0};

    add(&text, "int ");
    add_name(&text, method, variant, style);
    add(&text, "(struct sockd_client *client");
    for (unsigned i = 0; i < method->count; i++) {
        const char *format = declaration(method->params[i].type, variant);
        if (!format)
            continue;
        add(&text, ", ");
        add(&text, format, method->params[i].name);
    }
    if (has_timeout_option(method))
        add(&text, ", double timeout");
    if (has_settings(method, variant))
        add(&text, ", const struct sockd_settings *settings");
    add(&text, "%s)%s",
        style == BLOCKING ? results[method->result].declaration : callback_declaration, end);
    print_wrapped(text.bytes, "    ", ',');
}

/* Says of an optional parameter how C leaves it out. */
static const char *default_word(enum method_type type)
{
    switch (type) {
    case METHOD_TYPE_TIMEOUT:
        return "SOCKD_FOREVER";
    case METHOD_TYPE_SIZE:
        return "SOCKD_NO_LIMIT";
    case METHOD_TYPE_SERVICE:
    case METHOD_TYPE_NAMES:
    case METHOD_TYPE_HANDLER:
    case METHOD_TYPE_MAP:
    case METHOD_TYPE_REST:
        return "NULL";
    default:
        return "SOCKD_DEFAULT";
    }
}

static void print_comment(const struct method *method, enum variant variant, enum style style)
{
    struct text text = {.size = 0};

    add(&text, "/* %s.", method->doc);
    if (is_unix(variant))
        add(&text, " This one is for unix sockets.");
    if (makes_sockets(method) && has_settings(method, variant))
        add(&text, " This one gives it settings.");
    if (variant == UNTIL)
        add(&text,
            " This one ends behind the delimiter, or at the limit, SOCKD_NO_LIMIT for none.");
    if (variant == INT)
        add(&text, " This one is for numbers.");
    for (unsigned i = 0; i < method->count; i++) {
        const struct method_param *param = &method->params[i];
        if (param->fallback && !(is_unix(variant) && param->type == METHOD_TYPE_PORT))
            add(&text, " %s %s: %s.", param->name, default_word(param->type), param->fallback);
    }
    if (style == ASYNCHRONOUS)
        add(&text, " The answer: sockd_answer_%s().", results[method->result].getter);
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
               results[method->result].getter, results[method->result].arguments);
}

static void print_definition(const struct method *method, enum variant variant, enum style style)
{
    bool timed = has_timeout_option(method), set = has_settings(method, variant);
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
        add(&text, statement(method->params[i].type, variant), method->params[i].name);
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
            if (has_variant(&methods[id], (enum variant)variant))
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
    " * set on success only; NULL for one that is not wanted. An errno of the daemon's own:\n"
    " * -EBADF no such socket, -EPERM not yours, -EINVAL wrong arguments, -ETIMEDOUT.\n"
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
    } else {
        fprintf(stderr, "usage: client_gen methods.h|methods.c|submit.h|submit.c\n");
        return EXIT_FAILURE;
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
