/* The command line; the table is in options_table.c. */
#include "config/options.h"

#include "config/config.h"
#include "config/options_table.h"
#include "util/error.h"
#include "util/escape.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

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
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct escape out = {parser->reason, 0, parser->size - 1};
    escape_add_text(&out, text);
    parser->reason[out.length] = 0;
    return -EINVAL;
}

static unsigned where(const struct options *options)
{
    switch (options->command) {
    case OPTIONS_RUN:
        return OPTIONS_IN_RUN;
    case OPTIONS_CHECK:
        return OPTIONS_IN_CHECK;
    default:
        return OPTIONS_IN_SERVE;
    }
}

/* ---- one option ---- */

static int apply(const struct parser *parser, const struct options_row *row, const char *value)
{
    int result = options_set(parser->options, row, value);
    if (result == -EINVAL)
        return refuse(parser, "--%s: expected %s, got '%s'", row->name, row->kind->expected, value);
    return result;
}

/* "--no-jit" takes back what the configuration file says. */
static const struct options_row *find_negated(const char *name, size_t length)
{
    static const char no[] = "no-";
    size_t skip = sizeof no - 1;
    if (length <= skip || memcmp(name, no, skip) != 0)
        return NULL;
    const struct options_row *row = options_find(name + skip, length - skip);
    return row && row->kind == &options_kind_flag ? row : NULL;
}

static int refuse_unknown(const struct parser *parser, const char *name, size_t length)
{
    const char *meant = options_suggest(name, length, where(parser->options));
    if (meant)
        return refuse(parser, "unknown option --%.*s; did you mean --%s?", (int)length, name,
                      meant);
    return refuse(parser, "unknown option --%.*s", (int)length, name);
}

/* One option, with its value in the same word or the next. */
static int parse_option(struct parser *parser)
{
    const char *name = parser->argv[parser->at++] + 2;
    size_t length = strcspn(name, "=");
    const char *value = name[length] ? name + length + 1 : NULL;
    const struct options_row *row = options_find(name, length);
    const char *implied = row ? "true" : "false";
    if (!row)
        row = find_negated(name, length);
    if (!row)
        return refuse_unknown(parser, name, length);
    if (!(row->where & where(parser->options)))
        return refuse(parser, "--%s is no option of this command", row->name);
    if (!row->argument && value)
        return refuse(parser, "--%.*s takes no value", (int)length, name);
    if (!row->argument)
        return apply(parser, row, implied);
    if (!value && parser->at == parser->argc)
        return refuse(parser, "--%s needs a value: %s", row->name, row->argument);
    return apply(parser, row, value ? value : parser->argv[parser->at++]);
}

/* ---- the words of the command line ---- */

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
    if (options->command == OPTIONS_CHECK && options->argument_count == 0 && !options->config)
        return refuse(parser, "check: no file given");
    if (options->command == OPTIONS_SERVE && options->argument_count > 0)
        return refuse(parser, "'%s' is no command; try --help", options->arguments[0]);
    return 0;
}

static int parse_words(struct parser *parser)
{
    static const struct {
        const char *word;
        enum options_command command;
    } commands[] = {{"run", OPTIONS_RUN}, {"check", OPTIONS_CHECK}};
    parser->at = 1;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (parser->argc < 2 || strcmp(parser->argv[1], commands[i].word) != 0)
            continue;
        parser->options->command = commands[i].command;
        parser->at = 2;
    }
    if (parser->options->command == OPTIONS_RUN)
        parser->options->handler_cpu = INFINITY; /* nobody is protected there, unless asked for */
    int result = parse_options(parser);
    return result < 0 ? result : parse_rest(parser);
}

/* ---- all of it ---- */

/* The file is read over the defaults, and the command line once more over both. */
static int parse_with_file(struct parser *parser)
{
    struct options *options = parser->options;
    const char *file = options->config;
    options_deinit(options);
    int result = options_init(options);
    if (result == 0)
        result = config_load(options, file, parser->reason, parser->size);
    return result < 0 ? result : parse_words(parser);
}

int options_parse(struct options *options, int argc, char **argv, char *reason, size_t size)
{
    struct parser parser = {options, argc, 1, argv, reason, size};
    int result = options_init(options);
    if (result == 0)
        result = parse_words(&parser);
    if (result == 0 && options->command == OPTIONS_SERVE && options->config)
        result = parse_with_file(&parser);
    return result;
}
