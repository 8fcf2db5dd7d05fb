/*
 * A session of the Lua prompt. See console.h.
 *
 * The session is a number in the daemon; statements are arguments of an eval that is always the
 * same. The daemon makes the YAML: only there is a function a function.
 */
#include "client/ctl/console.h"

#include "client/ctl/interrupt.h"
#include "client/ctl/json.h"
#include "client/ctl/output.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char open_text[] = "require('sockd.console').open(getfenv(1))";
static const char eval_text[] = "require('sockd.console').eval(...)";
static const char wait_text[] = "require('sockd.console').wait(...)";
static const char complete_text[] = "require('sockd.console').complete(...)";

static const struct method *eval_method(void)
{
    return &methods[METHOD_sockd_eval];
}

static int eval(struct console *console, const struct sockd_value **value)
{
    const struct method *method = eval_method();

    return remote_call(console->ctl, method->name, method, console->args, value);
}

/* ---- what is printed in the daemon ---- */

static void listen_again(struct console *console);

/* Where a line is being typed, it gives way. */
static void print_output(struct console *console, const struct sockd_value *text)
{
    struct sockd_bytes bytes = {"", 0};

    if (console->ctl->json) {
        output_json(console->ctl, json_pack("{s:o}", "output", json_of_value(text)));
        return;
    }
    if (console->at_prompt)
        fputs("\r\033[J", stdout);
    sockd_value_data(text, &bytes.data, &bytes.size);
    output_bytes(console->ctl, bytes.data, bytes.size);
    output_flush(console->ctl);
    console->printed = true;
}

static void on_output(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    struct console *console = context;
    const struct sockd_value *text;

    (void)client;
    if (sockd_answer_value(answer, &text) < 0)
        return; /* nothing more comes; statements will say why */
    if (sockd_value_type(text) == SOCKD_NIL)
        return; /* the daemon is about to end */
    print_output(console, text);
    listen_again(console);
}

/* One such request waits all the time: by it the session knows, too, that somebody is there. */
static void listen_again(struct console *console)
{
    struct sockd_client *client = console->ctl->client;
    uint32_t request;

    if (sockd_submit(client, eval_method()->name, console->listen_args, on_output, console,
                     &request) == 0)
        sockd_set_request_deadline(client, request, SOCKD_FOREVER);
}

static void start_listening(struct console *console)
{
    console->listen_args = sockd_args_new();
    sockd_args_text(console->listen_args, wait_text);
    sockd_args_int(console->listen_args, console->session);
    listen_again(console);
}

bool console_process(struct console *console)
{
    return sockd_process(console->ctl->client) == 0;
}

/* ---- the session ---- */

int console_start(struct console *console, struct ctl *ctl)
{
    const struct sockd_value *value;

    *console = (struct console){.ctl = ctl, .args = sockd_args_new()};
    sockd_args_text(console->args, open_text);
    int status = eval(console, &value);
    if (status)
        return status;
    sockd_value_int(value, &console->session);
    start_listening(console);
    return 0;
}

void console_end(struct console *console)
{
    sockd_args_free(console->args);
    sockd_args_free(console->listen_args);
    console->args = console->listen_args = NULL;
}

/* The parameters of an eval on a text of the user's. */
static void put_args(struct console *console, const char *what, const char *text)
{
    struct sockd_args *args = console->args;

    sockd_args_clear(args);
    sockd_args_text(args, what);
    sockd_args_int(args, console->session);
    sockd_args_bytes(args, text, strlen(text));
}

static void print_text(struct ctl *ctl, const struct sockd_value *text)
{
    const char *data;
    size_t size;

    if (sockd_value_data(text, &data, &size))
        output_bytes(ctl, data, size);
}

/* What it printed, if it did, and the values of a statement or why it failed. */
static json_t *json_of_answer(const struct sockd_value *answer)
{
    const struct sockd_value *output = sockd_value_at(answer, 0);
    bool done = false;
    const char *data;
    size_t size = 0;
    json_t *object = json_object();

    sockd_value_data(output, &data, &size);
    sockd_value_bool(sockd_value_at(answer, 1), &done);
    if (size > 0)
        json_object_set_new(object, "output", json_of_value(output));
    if (!done) {
        json_object_set_new(object, "error", json_of_value(sockd_value_at(answer, 2)));
        return object;
    }
    json_t *values = json_array();
    for (size_t i = 2; i < sockd_value_count(answer); i++)
        json_array_append_new(values, json_of_value(sockd_value_at(answer, i)));
    json_object_set_new(object, "values", values);
    return object;
}

static int print_answer(struct console *console, const struct sockd_value *answer)
{
    if (sockd_value_type(answer) != SOCKD_ARRAY)
        return CTL_INCOMPLETE;
    if (console->ctl->json)
        return output_json(console->ctl, json_of_answer(answer));
    print_text(console->ctl, sockd_value_at(answer, 0));
    print_text(console->ctl, sockd_value_at(answer, 1));
    return 0;
}

int console_run(struct console *console, const char *statement)
{
    struct ctl *ctl = console->ctl;
    const struct sockd_value *answer;

    put_args(console, eval_text, statement);
    sockd_args_bool(console->args, ctl->json);
    int status = eval(console, &answer);
    if (!status)
        status = print_answer(console, answer);
    output_flush(console->ctl);
    return status;
}

/* ---- completion ---- */

static void add_choice(struct choices *choices, char *text)
{
    char **grown = realloc(choices->text, (choices->count + 1) * sizeof *grown);

    if (grown)
        choices->text = grown;
    if (grown && text)
        grown[choices->count++] = text;
    else
        free(text);
}

void choices_clear(struct choices *choices)
{
    for (size_t i = 0; i < choices->count; i++)
        free(choices->text[i]);
    free(choices->text);
    *choices = (struct choices){.text = NULL};
}

/* The digits at the end of the text, if they are where sockd.socket takes a handle. */
static const char *find_handle(const char *text)
{
    static const char call[] = "sockd.socket(";
    size_t before = strlen(text);

    while (before > 0 && strchr("0123456789", text[before - 1]))
        before--;
    size_t size = sizeof call - 1;
    bool called = before >= size && memcmp(text + before - size, call, size) == 0;
    return called ? text + before : NULL;
}

static void complete_handle(struct console *console, const char *digits, struct choices *choices)
{
    const struct sockd_value *list;
    char number[24];
    int64_t id;

    if (sockd_request(console->ctl->client, "sockd.list", NULL, &list) < 0)
        return;
    for (size_t i = 0; i < sockd_value_count(list); i++) {
        if (!sockd_value_int(sockd_value_get(sockd_value_at(list, i), "id"), &id))
            continue;
        snprintf(number, sizeof number, "%" PRId64, id);
        if (strncmp(number, digits, strlen(digits)) == 0)
            add_choice(choices, strdup(number));
    }
}

static void complete_name(struct console *console, const char *text, struct choices *choices)
{
    const struct sockd_value *list;
    const char *data;
    size_t size;

    put_args(console, complete_text, text);
    if (sockd_request(console->ctl->client, eval_method()->name, console->args, &list) < 0)
        return;
    for (size_t i = 0; i < sockd_value_count(list); i++) {
        if (sockd_value_data(sockd_value_at(list, i), &data, &size))
            add_choice(choices, strndup(data, size));
    }
}

void console_complete(struct console *console, const char *text, struct choices *choices)
{
    const char *digits = find_handle(text);

    *choices = (struct choices){.text = NULL};
    if (digits)
        complete_handle(console, digits, choices);
    else
        complete_name(console, text, choices);
}
