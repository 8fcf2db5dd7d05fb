/* The table of options and its three readers: the parser, the defaults, the help. */
#include "options.h"

#include "util/error.h"

#include <grp.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* In which commands an option may stand. */
enum { SERVE = 1, RUN = 2, BOTH = SERVE | RUN };

struct row {
    const char *name;
    const char *argument; /* NULL: a flag */
    unsigned commands;
    int (*set)(struct options *options, size_t offset, const char *value);
    size_t offset;        /* of the field that `set` sets */
    const char *expected; /* what a value must be; NULL if any does */
    const char *help;
};

/* ---- how fields are set: 0, -EINVAL for a value that will not do, -ENOMEM ---- */

static void *field(struct options *options, size_t offset)
{
    return (char *)options + offset;
}

static int set_text(struct options *options, size_t offset, const char *value)
{
    if (*value == 0)
        return -EINVAL;
    *(const char **)field(options, offset) = value;
    return 0;
}

static int set_flag(struct options *options, size_t offset, const char *value)
{
    (void)value;
    *(bool *)field(options, offset) = true;
    return 0;
}

static int set_command(struct options *options, size_t command, const char *value)
{
    (void)value;
    options->command = (enum options_command)command;
    return 0;
}

static int add_load(struct options *options, size_t offset, const char *value)
{
    (void)offset;
    size_t size = (options->load_count + 1) * sizeof(*options->load);
    const char **grown = realloc(options->load, size);
    if (!grown)
        return -ENOMEM;
    options->load = grown;
    options->load[options->load_count++] = value;
    return 0;
}

static int set_level(struct options *options, size_t offset, const char *value)
{
    (void)offset;
    int level = log_level_parse(value);
    if (level < 0)
        return level;
    options->log_level = (enum log_level)level;
    return 0;
}

static int set_seconds(struct options *options, size_t offset, const char *value)
{
    char *end;
    double seconds = strtod(value, &end);
    if (end == value || *end != 0 || !isfinite(seconds) || seconds < 0)
        return -EINVAL;
    *(double *)field(options, offset) = seconds;
    return 0;
}

/* A whole number above 0, perhaps with K, M or G for powers of 1024. */
static int set_number(struct options *options, size_t offset, const char *value)
{
    static const char units[] = "KMG";
    char *end;
    if (*value < '0' || *value > '9')
        return -EINVAL;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (unit)
        end++;
    if (errno || *end || number == 0 || number > SIZE_MAX >> shift)
        return -EINVAL;
    *(size_t *)field(options, offset) = (size_t)number << shift;
    return 0;
}

static int set_mode(struct options *options, size_t offset, const char *value)
{
    char *end;
    unsigned long mode = strtoul(value, &end, 8);
    if (*value < '0' || *value > '7' || *end || mode > 0777)
        return -EINVAL;
    *(mode_t *)field(options, offset) = (mode_t)mode;
    options->has_socket_mode = true;
    return 0;
}

/* A name of the group database or a number. */
static int group_parse(gid_t *group, const char *value)
{
    const struct group *entry = getgrnam(value);
    if (entry) {
        *group = entry->gr_gid;
        return 0;
    }
    char *end;
    unsigned long number = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || number >= (gid_t)-1)
        return -EINVAL;
    *group = (gid_t)number;
    return 0;
}

static int set_socket_group(struct options *options, size_t offset, const char *value)
{
    (void)offset;
    options->has_socket_group = true;
    return group_parse(&options->socket_group, value);
}

static int set_admin_group(struct options *options, size_t offset, const char *value)
{
    (void)offset;
    options->has_admin_group = true;
    return group_parse(&options->admin_group, value);
}

/* ---- the table ---- */

#define AT(member) offsetof(struct options, member)

static const struct row rows[] = {
    {"socket", "PATH", SERVE, set_text, AT(socket_path), "a path",
     "where the control socket is; without it $SOCKD_SOCKET, else "
     "$XDG_RUNTIME_DIR/sockd/sockd.sock "
     "or, as root or without that, /run/sockd/sockd.sock"},
    {"socket-mode", "MODE", SERVE, set_mode, AT(socket_mode), "an octal mode up to 0777",
     "who may connect to it; 0660 with --socket-group, otherwise 0600"},
    {"socket-group", "GROUP", SERVE, set_socket_group, 0, "a group",
     "the group of the control socket"},
    {"admin-group", "GROUP", SERVE, set_admin_group, 0, "a group",
     "members may touch all sockets and use what lends the daemon's own rights, as root and the "
     "daemon's own user may"},
    {"load", "FILE|DIR", SERVE, add_load, 0, NULL,
     "run this handler script at the start, or those of the folder (*.lua, by name); repeatable"},
    {"jit", NULL, BOTH, set_flag, AT(jit), NULL,
     "compile Lua to machine code: faster loops, but a handler that never waits cannot be stopped"},
    {"ffi", NULL, SERVE, set_flag, AT(ffi), NULL,
     "let handler scripts load ffi and C modules, which can do anything to the daemon"},
    {"nonblock", NULL, BOTH, set_flag, AT(nonblock), NULL,
     "new Lua sockets start non-blocking, as Tarantool's do"},
    {"lua-memory", "BYTES", BOTH, set_number, AT(lua_memory), "a number above 0",
     "what Lua may hold; default 512M"},
    {"handler-cpu", "SECONDS", BOTH, set_seconds, AT(handler_cpu), "a number of seconds, 0 or more",
     "how long a fiber may run without waiting before it is stopped; default 5"},
    {"log-level", "LEVEL", BOTH, set_level, 0, "error, warn, info, verbose or debug",
     "how much to log: error, warn, info (the default), verbose or debug"},
    {"grace", "SECONDS", SERVE, set_seconds, AT(grace), "a number of seconds, 0 or more",
     "how long to let handlers and requests finish after SIGTERM; default 5"},
    {"max-sockets", "N", BOTH, set_number, AT(max_sockets), "a number above 0",
     "sockets open at once; default: what the limit of descriptors leaves"},
    {"max-readahead", "BYTES", BOTH, set_number, AT(max_readahead), "a number above 0",
     "bytes that a read may gather while its delimiter does not come; default 16M"},
    {"quota-clients", "N", SERVE, set_number, AT(quota.most[QUOTA_CLIENTS]), "a number above 0",
     "connections to the control socket that one user may have"},
    {"quota-sockets", "N", SERVE, set_number, AT(quota.most[QUOTA_SOCKETS]), "a number above 0",
     "sockets that one user's clients may have"},
    {"quota-requests", "N", SERVE, set_number, AT(quota.most[QUOTA_REQUESTS]), "a number above 0",
     "requests that one user may have in flight"},
    {"quota-bytes", "BYTES", SERVE, set_number, AT(quota.most[QUOTA_BYTES]), "a number above 0",
     "bytes that are held for one user's clients"},
    {"help", NULL, BOTH, set_command, OPTIONS_HELP, NULL, "print this and exit"},
    {"version", NULL, BOTH, set_command, OPTIONS_VERSION, NULL, "print the version and exit"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* ---- the parser ---- */

struct parser {
    struct options *options;
    int argc, at;
    char **argv;
    char *reason;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct parser *parser,
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(parser->reason, parser->size, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static const struct row *row_find(const char *name, size_t length)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strlen(rows[i].name) == length && !memcmp(rows[i].name, name, length))
            return &rows[i];
    return NULL;
}

static int apply(const struct parser *parser, const struct row *row, const char *value)
{
    int result = row->set(parser->options, row->offset, value);
    if (result == -EINVAL)
        return refuse(parser, "--%s: expected %s, got '%s'", row->name, row->expected, value);
    return result;
}

/* One option, with its value in the same word or the next. */
static int parse_option(struct parser *parser)
{
    const char *name = parser->argv[parser->at++] + 2;
    size_t length = strcspn(name, "=");
    const char *value = name[length] ? name + length + 1 : NULL;
    const struct row *row = row_find(name, length);
    unsigned command = parser->options->command == OPTIONS_RUN ? RUN : SERVE;
    if (!row)
        return refuse(parser, "unknown option --%.*s", (int)length, name);
    if (!(row->commands & command))
        return refuse(parser, "--%s is no option of this command", row->name);
    if (!row->argument && value)
        return refuse(parser, "--%s takes no value", row->name);
    if (row->argument && !value) {
        if (parser->at == parser->argc)
            return refuse(parser, "--%s needs a value: %s", row->name, row->argument);
        value = parser->argv[parser->at++];
    }
    return apply(parser, row, value);
}

static bool is_last(const struct options *options)
{
    return options->command == OPTIONS_HELP || options->command == OPTIONS_VERSION;
}

/* Options up to the first word that is none, or behind "--". */
static int parse_options(struct parser *parser)
{
    while (parser->at < parser->argc && !is_last(parser->options)) {
        const char *word = parser->argv[parser->at];
        if (!strcmp(word, "--")) {
            parser->at++;
            break;
        }
        if (word[0] != '-' || word[1] == 0)
            break;
        if (word[1] != '-')
            return refuse(parser, "unknown option %s", word);
        int result = parse_option(parser);
        if (result < 0)
            return result;
    }
    return 0;
}

static int parse_rest(struct parser *parser)
{
    struct options *options = parser->options;
    options->arguments = parser->argv + parser->at;
    options->argument_count = parser->argc - parser->at;
    if (options->command == OPTIONS_RUN && options->argument_count == 0)
        return refuse(parser, "run: no script given");
    if (options->command == OPTIONS_SERVE && options->argument_count > 0)
        return refuse(parser, "'%s' is no command; try --help", options->arguments[0]);
    return 0;
}

int options_parse(struct options *options, int argc, char **argv, char *reason, size_t size)
{
    *options = (struct options){.log_level = LOG_INFO, .grace = 5};
    struct parser parser = {options, argc, 1, argv, reason, size};
    if (argc > 1 && !strcmp(argv[1], "run")) {
        options->command = OPTIONS_RUN;
        parser.at++;
    }
    int result = parse_options(&parser);
    return result < 0 ? result : parse_rest(&parser);
}

void options_deinit(struct options *options)
{
    free(options->load);
    options->load = NULL;
}

/* ---- the help ---- */

/* Words of `text`, in lines that begin at column `indent` and end before 80. */
static void print_wrapped(FILE *out, const char *text, int indent)
{
    int column = indent;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column + 1 + length > 80 && column > indent) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        bool first = column == indent;
        fprintf(out, "%s%.*s", first ? "" : " ", length, text);
        column += length + !first;
        text += length + (text[length] == ' ');
    }
    fputc('\n', out);
}

static void print_rows(FILE *out, unsigned commands)
{
    enum { COLUMN = 26 };
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].commands != commands)
            continue;
        const char *argument = rows[i].argument ? rows[i].argument : "";
        int width = fprintf(out, "  --%s%s%s", rows[i].name, *argument ? " " : "", argument);
        fprintf(out, "%*s", width < COLUMN ? COLUMN - width : 1, "");
        print_wrapped(out, rows[i].help, COLUMN);
    }
}

void options_help(FILE *out)
{
    fputs("Usage: sockd [option…]\n"
          "       sockd run [option…] script.lua [argument…]\n\n"
          "The first serves the clients of the control socket, and handler scripts, until\n"
          "SIGTERM; the second runs one script to its end.\n\nOf both:\n",
          out);
    print_rows(out, BOTH);
    fputs("\nOf the daemon:\n", out);
    print_rows(out, SERVE);
}
