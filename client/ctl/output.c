/*
 * Standard output. See output.h.
 */
#include "client/ctl/output.h"

#include "client/ctl/escape.h"
#include "client/ctl/interrupt.h"
#include "client/ctl/json.h"
#include "client/ctl/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Keeps the reason of the first failure, which errno holds only now. */
static void note_error(struct ctl *ctl)
{
    if (ferror(stdout) && !ctl->output_error)
        ctl->output_error = errno;
}

void output_bytes(struct ctl *ctl, const char *data, size_t size)
{
    if (!ctl->raw && isatty(STDOUT_FILENO))
        escape_print(stdout, data, size);
    else if (size > 0)
        fwrite(data, 1, size, stdout);
    note_error(ctl);
}

void output_text(struct ctl *ctl, const char *text)
{
    output_bytes(ctl, text, strlen(text));
}

static void end_line(struct ctl *ctl)
{
    fputc('\n', stdout);
    note_error(ctl);
}

int output_json(struct ctl *ctl, json_t *json)
{
    char *text = json_text(json);

    json_decref(json);
    if (!text)
        return report_memory(ctl);
    output_text(ctl, text);
    end_line(ctl);
    free(text);
    return 0;
}

/* The text of a map's member, escaped and cut to the room; "" if there is none. */
static void copy_member(const struct sockd_value *map, const char *key, char *text, size_t room)
{
    const char *data = "";
    size_t size = 0;

    sockd_value_data(sockd_value_get(map, key), &data, &size);
    escape_line(text, room, data, size);
}

bool output_format_address(const struct sockd_value *value, char *text, size_t size)
{
    const struct sockd_value *port = sockd_value_get(value, "port");
    char host[256];
    char path[4 * 108 + 1]; /* each byte of a unix socket's may be escaped */
    int64_t number;

    copy_member(value, "host", host, sizeof host);
    copy_member(value, "port", path, sizeof path);
    if (!host[0] || !port)
        return false;
    bool is_number = sockd_value_int(port, &number);
    if (!is_number && sockd_value_type(port) != SOCKD_STR)
        return false;
    if (is_number)
        snprintf(path, sizeof path, "%" PRId64, number);
    bool is_v6 = strchr(host, ':') != NULL;
    snprintf(text, size, "%s%s%s:%s", is_v6 ? "[" : "", host, is_v6 ? "]" : "", path);
    return true;
}

/* A text among others, which is to end neither its line nor more than that. */
static void print_escaped(struct ctl *ctl, const char *data, size_t size)
{
    size_t room = 4 * size + 1;
    char *text = malloc(room);

    if (!text) {
        if (!ctl->output_error)
            ctl->output_error = ENOMEM;
        return;
    }
    escape_line(text, room, data, size);
    output_text(ctl, text);
    free(text);
}

/* One value, its text without an end of line. */
static void print_value(struct ctl *ctl, const struct sockd_value *value)
{
    char address[800];
    const char *data;
    size_t size;

    if (sockd_value_data(value, &data, &size)) {
        print_escaped(ctl, data, size);
        return;
    }
    if (output_format_address(value, address, sizeof address)) {
        output_text(ctl, address);
        return;
    }
    json_t *json = json_of_value(value);
    char *text = json_text(json);
    output_text(ctl, text ? text : "?");
    if (!text && !ctl->output_error)
        ctl->output_error = ENOMEM;
    free(text);
    json_decref(json);
}

void output_line(struct ctl *ctl, const struct sockd_value *value)
{
    print_value(ctl, value);
    end_line(ctl);
}

/* "key: value", a line each. */
static void print_map(struct ctl *ctl, const struct sockd_value *map)
{
    for (size_t i = 0; i < sockd_value_count(map); i++) {
        print_value(ctl, sockd_value_key(map, i));
        output_text(ctl, ": ");
        output_line(ctl, sockd_value_at(map, i));
    }
}

static void print_elements(struct ctl *ctl, const struct sockd_value *array)
{
    for (size_t i = 0; i < sockd_value_count(array); i++)
        output_line(ctl, sockd_value_at(array, i));
}

static void print_list(struct ctl *ctl, const struct sockd_value *value)
{
    if (sockd_value_type(value) == SOCKD_ARRAY)
        print_elements(ctl, value);
    else
        output_line(ctl, value);
}

/* A text that a function returned, and nothing else, is what was asked for: it stays as it is. */
static void print_any(struct ctl *ctl, const struct sockd_value *value)
{
    const char *data;
    size_t size;

    if (!sockd_value_data(value, &data, &size)) {
        print_list(ctl, value);
        return;
    }
    output_bytes(ctl, data, size);
    end_line(ctl);
}

static bool is_eof(enum method_result type, const struct sockd_value *value)
{
    return type == METHOD_RESULT_BYTES_STATUS &&
           sockd_value_type(sockd_value_at(value, 1)) == SOCKD_STR;
}

static void print_data(struct ctl *ctl, const struct sockd_value *value)
{
    const char *data;
    size_t size;

    if (sockd_value_data(value, &data, &size))
        output_bytes(ctl, data, size);
}

static void print_option(struct ctl *ctl, const struct sockd_value *value)
{
    if (sockd_value_type(value) == SOCKD_MAP)
        print_map(ctl, value);
    else
        output_line(ctl, value);
}

/* True alone says nothing that the exit status does not; nor does nil for a text. */
static void print_result(struct ctl *ctl, enum method_result type, const struct sockd_value *value)
{
    switch (type) {
    case METHOD_RESULT_TRUE:
        break;
    case METHOD_RESULT_TEXT:
        if (sockd_value_type(value) != SOCKD_NIL)
            output_line(ctl, value);
        break;
    case METHOD_RESULT_BYTES:
        print_data(ctl, value);
        break;
    case METHOD_RESULT_BYTES_STATUS:
    case METHOD_RESULT_BYTES_FROM:
        print_data(ctl, sockd_value_at(value, 0));
        break;
    case METHOD_RESULT_MAP:
    case METHOD_RESULT_LENT:
        print_map(ctl, value);
        break;
    case METHOD_RESULT_VALUE:
        print_option(ctl, value);
        break;
    case METHOD_RESULT_ID_PAIR:
    case METHOD_RESULT_ID_ADDRESS:
    case METHOD_RESULT_LINGER:
    case METHOD_RESULT_LIST:
        print_list(ctl, value);
        break;
    case METHOD_RESULT_ANY:
        print_any(ctl, value);
        break;
    default:
        output_line(ctl, value);
        break;
    }
}

/* An object of the two elements of an array. */
static int print_json_pair(struct ctl *ctl, const struct sockd_value *value, const char *first,
                           const char *second)
{
    return output_json(ctl, json_pack("{s:o, s:o}", first, json_of_value(sockd_value_at(value, 0)),
                                      second, json_of_value(sockd_value_at(value, 1))));
}

/* The members of the object that --json gives for each kind of result. */
static int print_json(struct ctl *ctl, enum method_result type, const struct sockd_value *value)
{
    int status = 0;

    switch (type) {
    case METHOD_RESULT_COUNT:
        return output_json(ctl, json_pack("{s:o}", "sent", json_of_value(value)));
    case METHOD_RESULT_BYTES:
        return output_json(ctl, json_pack("{s:o}", "data", json_of_value(value)));
    case METHOD_RESULT_BYTES_STATUS:
        return print_json_pair(ctl, value, "data", "status");
    case METHOD_RESULT_BYTES_FROM:
        return print_json_pair(ctl, value, "data", "from");
    case METHOD_RESULT_LINGER:
        return print_json_pair(ctl, value, "active", "timeout");
    case METHOD_RESULT_ID:
        return output_json(ctl, json_pack("{s:o}", "id", json_of_value(value)));
    case METHOD_RESULT_ID_ADDRESS:
        return print_json_pair(ctl, value, "id", "address");
    case METHOD_RESULT_ID_PAIR:
        return output_json(ctl, json_pack("{s:o}", "ids", json_of_value(value)));
    case METHOD_RESULT_ADDRESS:
    case METHOD_RESULT_MAP:
    case METHOD_RESULT_LENT:
        return output_json(ctl, json_of_value(value));
    case METHOD_RESULT_LIST:
        for (size_t i = 0; !status && i < sockd_value_count(value); i++)
            status = output_json(ctl, json_of_value(sockd_value_at(value, i)));
        return status;
    default:
        return output_json(ctl, json_pack("{s:o}", "result", json_of_value(value)));
    }
}

int output_result(struct ctl *ctl, enum method_result type, const struct sockd_value *value)
{
    if (ctl->json) {
        int status = print_json(ctl, type, value);
        if (status)
            return status;
    } else {
        print_result(ctl, type, value);
    }
    return is_eof(type, value) ? CTL_END : 0;
}

void output_flush(struct ctl *ctl)
{
    fflush(stdout);
    note_error(ctl);
}

int output_finish(struct ctl *ctl, int status)
{
    output_flush(ctl);
    if (!ctl->output_error)
        return status;
    if (interrupt_came())
        return CTL_INTERRUPTED;
    if (ctl->output_error != EPIPE)
        report_local(ctl, "standard output", -ctl->output_error);
    return CTL_FAILED;
}
