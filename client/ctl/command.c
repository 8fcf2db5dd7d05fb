/*
 * The command line. See command.h.
 *
 * The options before the verb are the general ones; those behind it also the verb's own and, one
 * for each parameter of its method, the table's.
 */
#include "client/ctl/command.h"

#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
    GENERAL = 256, /* the codes of the general options begin here */
    NAMED = 512,   /* and those of the verb's own, by their place in the list */
    MOST = 41,     /* options that a verb has at most, the general ones included */
};

enum general { SOCKET = GENERAL, HOST, TIMEOUT, JSON, RAW, DAEMON_PATH, HELP, VERSION };

static const struct option general_options[] = {
    {"host", required_argument, NULL, HOST},
    {"socket", required_argument, NULL, SOCKET},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"json", no_argument, NULL, JSON},
    {"raw", no_argument, NULL, RAW},
    {"daemon-path", no_argument, NULL, DAEMON_PATH},
    {"help", no_argument, NULL, HELP},
    {"version", no_argument, NULL, VERSION},
};

enum { GENERAL_COUNT = sizeof general_options / sizeof general_options[0] };

/* All options that one parse knows, as getopt_long(3) wants them. */
struct known {
    struct option list[MOST + 1];
    size_t count;
    char letters[2 + 2 * VERB_OPTIONS];
};

static bool knows(const struct known *known, const char *name)
{
    for (size_t i = 0; i < known->count; i++) {
        if (strcmp(known->list[i].name, name) == 0)
            return true;
    }
    return false;
}

static void know(struct known *known, const char *name, bool takes_value)
{
    if (known->count == MOST || knows(known, name))
        return;
    known->list[known->count] = (struct option){
        .name = name,
        .has_arg = takes_value ? required_argument : no_argument,
        .val = NAMED + (int)known->count,
    };
    known->count++;
}

static void know_general(struct known *known)
{
    memcpy(known->list, general_options, sizeof general_options);
    known->count = GENERAL_COUNT;
}

/* The verb's own options; a short form is added to the letters. */
static void know_verb(struct known *known, const struct verb *verb)
{
    for (size_t i = 0; i < VERB_OPTIONS && verb->options[i].name; i++) {
        const struct verb_option *option = &verb->options[i];
        know(known, option->name, option->value != NULL);
        if (option->letter)
            strncat(known->letters, &option->letter, 1);
    }
}

static void know_method(struct known *known, const struct method *method)
{
    for (unsigned i = 0; i < method->count; i++)
        know(known, method->params[i].name, true);
    for (unsigned set = method->options; set; set &= set - 1)
        know(known, methods_option_name((enum method_option)(set & -set)), true);
}

static const char *name_of_letter(const struct verb *verb, int letter)
{
    for (size_t i = 0; verb && i < VERB_OPTIONS && verb->options[i].name; i++) {
        if (verb->options[i].letter == letter)
            return verb->options[i].name;
    }
    return NULL;
}

static int add_option(struct command *command, const char *name, const char *value)
{
    if (command->options == COMMAND_OPTIONS)
        return report_usage(NULL, "too many options");
    command->option[command->options].name = name;
    command->option[command->options].value = value;
    command->options++;
    return 0;
}

/* One of the options that every verb has. */
static void set_general(struct ctl *ctl, int code)
{
    switch ((enum general)code) {
    case SOCKET:
        ctl->socket = optarg;
        break;
    case HOST:
        ctl->host = optarg;
        break;
    case TIMEOUT:
        ctl->timeout = optarg;
        break;
    case JSON:
        ctl->json = true;
        break;
    case RAW:
        ctl->raw = true;
        break;
    case DAEMON_PATH:
        ctl->daemon_path = true;
        break;
    case HELP:
        ctl->help = true;
        break;
    case VERSION:
        ctl->version = true;
        break;
    }
}

/* getopt_long(3) has met a mistake, and said nothing about it, for opterr is 0. */
static int complain(const struct ctl *ctl, int code, char **argv)
{
    const char *word = optind > 0 ? argv[optind - 1] : "";

    if (code == ':')
        return report_usage(ctl->verb, "%s needs a value", word);
    return report_usage(ctl->verb, "there is no option %s", word);
}

/* Parses the options before the verb; the verb is at optind then. */
static int parse_general(struct ctl *ctl, int argc, char **argv)
{
    struct known known = {.count = 0};
    int code;

    know_general(&known);
    optind = 0; /* GNU's way to begin anew */
    while ((code = getopt_long(argc, argv, "+:", known.list, NULL)) != -1) {
        if (code < GENERAL)
            return complain(ctl, code, argv);
        set_general(ctl, code);
    }
    return 0;
}

/* Whether an option was given behind which there are none. */
static bool has_ended(const struct command *command)
{
    const char *last = command->verb->last;

    return last && command_has(command, last);
}

/* Parses what follows the verb: options and arguments as they come. */
static int parse_rest(struct command *command, struct ctl *ctl, const struct known *known, int argc,
                      char **argv)
{
    int code, error = 0;

    optind = 0;
    while (!error && !has_ended(command) &&
           (code = getopt_long(argc, argv, known->letters, known->list, NULL)) != -1) {
        if (code == 1)
            command->arguments[command->count++] = optarg;
        else if (code >= NAMED)
            error = add_option(command, known->list[code - NAMED].name, optarg);
        else if (code >= GENERAL)
            set_general(ctl, code);
        else if (name_of_letter(command->verb, code))
            error = add_option(command, name_of_letter(command->verb, code), NULL);
        else
            error = complain(ctl, code, argv);
    }
    while (!error && optind < argc)
        command->arguments[command->count++] = argv[optind++];
    return error;
}

const char *command_known(const struct verb *verb, const struct method *method, size_t index,
                          bool *value)
{
    struct known known = {.letters = ""};

    know_general(&known);
    if (verb)
        know_verb(&known, verb);
    if (method)
        know_method(&known, method);
    *value = known.list[index].has_arg != no_argument;
    return known.list[index].name;
}

static int parse_verb(struct command *command, struct ctl *ctl, int argc, char **argv)
{
    /* The minus has arguments handed out in their order, whatever POSIXLY_CORRECT says. */
    struct known known = {.letters = "-:"};

    ctl->verb = argv[0];
    command->verb = verbs_find(argv[0], &command->method);
    if (!command->verb) {
        ctl->verb = NULL;
        return report_usage(NULL, "there is no command %s", argv[0]);
    }
    command->arguments = calloc((size_t)argc, sizeof *command->arguments);
    if (!command->arguments)
        return report_memory(ctl);
    know_general(&known);
    know_verb(&known, command->verb);
    if (command->method)
        know_method(&known, command->method);
    return parse_rest(command, ctl, &known, argc, argv);
}

int command_parse(struct command *command, struct ctl *ctl, int argc, char **argv)
{
    *command = (struct command){.verb = NULL};
    opterr = 0;
    int error = parse_general(ctl, argc, argv);
    if (error)
        return error;
    if (optind == argc)
        return ctl->help || ctl->version ? 0 : report_usage(NULL, "which command?");
    return parse_verb(command, ctl, argc - optind, argv + optind);
}

void command_free(struct command *command)
{
    free(command->arguments);
    command->arguments = NULL;
}

const char *command_option(const struct command *command, const char *name)
{
    const char *value = NULL;

    for (int i = 0; i < command->options; i++) {
        if (strcmp(command->option[i].name, name) == 0)
            value = command->option[i].value;
    }
    return value;
}

bool command_has(const struct command *command, const char *name)
{
    for (int i = 0; i < command->options; i++) {
        if (strcmp(command->option[i].name, name) == 0)
            return true;
    }
    return false;
}
