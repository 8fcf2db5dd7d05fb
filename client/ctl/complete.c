/*
 * Completion of command lines. See complete.h.
 */
#include "client/ctl/complete.h"

#include "client/ctl/caller_path.h"
#include "client/ctl/output.h"
#include "client/ctl/socket_cells.h"
#include "client/ctl/verbs.h"

#include <stdio.h>
#include <string.h>

/* How long, in seconds, the daemon may take to say what is open. */
static const double patience = 2;

/* The command line as far as it goes. */
struct line {
    const struct verb *verb; /* NULL if it has not been typed */
    const struct method *method;
    const char *option; /* whose value comes next, or NULL */
    int position;       /* of the next argument, from 0 */
    bool ended;         /* no options follow */
    const char *word;   /* what is to be completed */
    const char *host;   /* what stands for the host, or NULL */
};

static void offer(const struct line *line, const char *text, const char *what)
{
    if (strncmp(text, line->word, strlen(line->word)) != 0)
        return;
    fputs(text, stdout);
    if (what) {
        putchar('\t');
        fputs(what, stdout);
    }
    putchar('\n');
}

/* ---- the words before ---- */

/* Whether the option takes a value; false if there is no such option. */
static bool takes_value(const struct line *line, const char *option)
{
    const char *name;
    bool value;

    for (size_t i = 0; (name = command_known(line->verb, line->method, i, &value)); i++) {
        if (strcmp(name, option) == 0)
            return value;
    }
    return false;
}

/* Where the daemon is, for its handles. */
static void note_value(struct ctl *ctl, const char *option, const char *value)
{
    if (strcmp(option, "socket") == 0)
        ctl->socket = value;
    else if (strcmp(option, "host") == 0)
        ctl->host = value;
}

static void read_option(struct line *line, struct ctl *ctl, const char *word)
{
    char name[64];
    size_t size = strcspn(word, "=");

    snprintf(name, sizeof name, "%.*s", (int)size, word);
    if (word[size] == '=')
        note_value(ctl, name, word + size + 1);
    else if (takes_value(line, name))
        line->option = word;
}

static void read_word(struct line *line, struct ctl *ctl, const char *word)
{
    if (line->option) {
        note_value(ctl, line->option, word);
        line->option = NULL;
    } else if (!line->ended && strcmp(word, "--") == 0) {
        line->ended = true;
    } else if (!line->ended && word[0] == '-' && word[1] == '-') {
        read_option(line, ctl, word + 2);
    } else if (!line->ended && word[0] == '-' && word[1]) {
        ; /* letters take no values */
    } else if (!line->verb) {
        line->verb = verbs_find(word, &line->method);
        line->ended = line->verb == NULL; /* nothing is known of it */
    } else {
        const struct method *method = line->method;
        bool known = method && line->position < method->count;
        if (known && method->params[line->position].type == METHOD_TYPE_HOST)
            line->host = word;
        line->position++;
    }
}

/* ---- what there is ---- */

static void offer_commands(const struct line *line)
{
    for (size_t i = 0; verbs[i]; i++) {
        const struct method *method;
        verbs_find(verbs[i]->name, &method);
        if (verbs[i]->name[0] != '_')
            offer(line, verbs[i]->name, verbs[i]->doc ? verbs[i]->doc : method->doc);
    }
    offer(line, "connect", methods[METHOD_tcp_connect].doc);
    offer(line, "server", methods[METHOD_tcp_server].doc);
    for (int id = 0; id < METHOD_COUNT; id++) {
        const struct method *method;
        const char *name = methods[id].name;
        const char *dot = strchr(name, '.');
        if (dot && verbs_find(dot + 1, &method) == &verb_method)
            name = dot + 1;
        if (verbs_find(name, &method) == &verb_method)
            offer(line, name, methods[id].doc);
    }
}

static void offer_options(const struct line *line)
{
    char text[80];
    const char *name;
    bool value;

    for (size_t i = 0; (name = command_known(line->verb, line->method, i, &value)); i++) {
        snprintf(text, sizeof text, "--%s%s", name, value ? "=" : "");
        offer(line, text, NULL);
    }
}

/* A socket by its number, and by its name. */
static void offer_socket(const struct line *line, const struct sockd_value *socket)
{
    char id[TABLE_CELL], netid[TABLE_CELL], peer[TABLE_CELL], name[TABLE_CELL];
    char what[3 * TABLE_CELL];

    cell_number(id, sockd_value_get(socket, "id"));
    cell_netid(netid, socket);
    cell_address(peer, sockd_value_get(socket, "peer"));
    if (strcmp(peer, "-") == 0)
        cell_address(peer, sockd_value_get(socket, "address"));
    cell_text(name, sockd_value_get(socket, "name"));
    snprintf(what, sizeof what, "%s %s", netid, peer);
    offer(line, id, what);
    if (strcmp(name, "-") != 0)
        offer(line, name, what);
}

static void offer_handles(const struct line *line, struct ctl *ctl)
{
    const struct sockd_value *list;

    if (ctl->host || sockd_open(ctl->socket, &ctl->client) < 0)
        return; /* a log-in over there is more than somebody who presses a key expects */
    sockd_set_deadline(ctl->client, patience);
    if (sockd_request(ctl->client, "sockd.list", NULL, &list) < 0)
        return;
    for (size_t i = 0; i < sockd_value_count(list); i++)
        offer_socket(line, sockd_value_at(list, i));
}

static void offer_methods(const struct line *line)
{
    for (int id = 0; id < METHOD_COUNT; id++)
        offer(line, methods[id].name, methods[id].doc);
}

/* What may stand in some places, by the names of parameters and options. */
static const struct {
    const char *name;
    const char *values[8];
} known_values[] = {
    {"domain", {"AF_INET", "AF_INET6", "AF_UNIX"}},
    {"type", {"SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET", "SOCK_RAW"}},
    {"family", {"AF_INET", "AF_INET6"}},
    {"protocol", {"tcp", "udp", "icmp"}},
    {"how", {"R", "W", "RW"}},
    {"eof", {"shutdown", "close", "keep"}},
    {"share", {"group", "none"}},
    {"lifetime", {"client", "daemon"}},
    {"events", {"readable", "writable", "accept", "eof", "error", "close"}},
    {"level", {"SOL_SOCKET", "IPPROTO_TCP", "IPPROTO_IP", "IPPROTO_IPV6"}},
    {"active", {"true", "false"}},
    {"flag", {"true", "false"}},
};

static bool offer_known(const struct line *line, const char *name)
{
    for (size_t i = 0; i < sizeof known_values / sizeof known_values[0]; i++) {
        if (strcmp(known_values[i].name, name) != 0)
            continue;
        for (const char *const *value = known_values[i].values; *value; value++)
            offer(line, *value, NULL);
        return true;
    }
    return false;
}

/* What a parameter may be: a file where it is a path, or one of the values that are known. */
static void offer_param(const struct line *line, const struct method_param *param)
{
    if (caller_path_is(line->method, param, line->host))
        puts(":files");
    else
        offer_known(line, param->name);
}

static void offer_value(const struct line *line, struct ctl *ctl, const char *option)
{
    int param = line->method ? methods_param(line->method, option, strlen(option)) : -1;

    if (strcmp(option, "h") == 0)
        offer_handles(line, ctl);
    else if (strcmp(option, "socket") == 0)
        puts(":files");
    else if (param >= 0)
        offer_param(line, &line->method->params[param]);
    else
        offer_known(line, option);
}

/* The verbs without a method that begin with a handle say so in their usage. */
static bool begins_with_handle(const struct verb *verb)
{
    return verb->arguments && strncmp(verb->arguments, "HANDLE", 6) == 0;
}

static void offer_argument(const struct line *line, struct ctl *ctl)
{
    const struct method *method = line->method;
    bool has_param = method && line->position < method->count;
    bool is_handle = has_param && method->params[line->position].type == METHOD_TYPE_HANDLE;

    if (line->verb == &verb_call && line->position == 0)
        offer_methods(line);
    else if (is_handle || (line->position == 0 && begins_with_handle(line->verb)))
        offer_handles(line, ctl);
    else if (has_param && !line->verb->arguments)
        offer_param(line, &method->params[line->position]);
    else if (!has_param)
        puts(":files");
}

/* "--eof=ke": what is offered has the option before it. */
static void offer_joined(const struct line *line, struct ctl *ctl, const char *equals)
{
    char option[64];
    struct line value = *line;

    snprintf(option, sizeof option, "%.*s", (int)(equals - line->word - 2), line->word + 2);
    value.word = equals + 1;
    printf(":prefix %.*s\n", (int)(equals - line->word + 1), line->word);
    offer_value(&value, ctl, option);
}

void complete_print(struct ctl *ctl, char **words, int count)
{
    struct line line = {.word = words[count - 1]};

    for (int i = 0; i < count - 1; i++)
        read_word(&line, ctl, words[i]);
    const char *equals = strchr(line.word, '=');
    bool is_option = !line.ended && line.word[0] == '-';
    if (line.option)
        offer_value(&line, ctl, line.option);
    else if (is_option && equals && strncmp(line.word, "--", 2) == 0)
        offer_joined(&line, ctl, equals);
    else if (is_option)
        offer_options(&line);
    else if (line.verb)
        offer_argument(&line, ctl);
    else if (!line.ended)
        offer_commands(&line);
}
