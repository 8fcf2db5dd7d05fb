/*
 * tap: what passes through a socket, in both directions, while its users go on undisturbed.
 */
#include "client/ctl/escape.h"
#include "client/ctl/json.h"
#include "client/ctl/live.h"
#include "client/ctl/output.h"
#include "client/ctl/params.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum { HEX_LINE = 16 };

struct tap {
    struct live live;
    bool hex;
    uint64_t offset[2]; /* of the next byte in each direction */
};

/* One notification taken apart. */
struct traffic {
    bool out;
    double time;
    struct sockd_bytes data;
    int64_t lost;
};

static struct traffic read_traffic(const struct sockd_value *params)
{
    struct traffic traffic = {.data = {"", 0}};
    struct sockd_bytes direction = {"", 0};

    sockd_value_data(sockd_value_at(params, 1), &direction.data, &direction.size);
    traffic.out = direction.size == 3;
    sockd_value_double(sockd_value_at(params, 2), &traffic.time);
    sockd_value_data(sockd_value_at(params, 3), &traffic.data.data, &traffic.data.size);
    sockd_value_int(sockd_value_at(params, 4), &traffic.lost);
    return traffic;
}

/* "12:34:56.789 out " */
static void print_head(struct ctl *ctl, const struct traffic *traffic)
{
    char clock[16], text[48];
    struct tm parts;
    time_t seconds = (time_t)floor(traffic->time);
    int milliseconds = (int)((traffic->time - floor(traffic->time)) * 1000);

    localtime_r(&seconds, &parts);
    strftime(clock, sizeof clock, "%H:%M:%S", &parts);
    snprintf(text, sizeof text, "%s.%03d %s ", clock, milliseconds, traffic->out ? "out" : "in ");
    output_text(ctl, text);
}

/* "00000010  47 45 54 20                                       |GET |" */
static void print_hex_line(struct ctl *ctl, uint64_t offset, const char *data, size_t size)
{
    char text[128];
    int length = snprintf(text, sizeof text, "%08" PRIx64 " ", offset);

    for (size_t i = 0; i < HEX_LINE; i++) {
        size_t room = sizeof text - (size_t)length;
        const char *gap = i % 8 == 0 ? " " : "";
        if (i < size)
            length += snprintf(text + length, room, "%s%02x ", gap, (unsigned char)data[i]);
        else
            length += snprintf(text + length, room, "%s   ", gap);
    }
    text[length++] = ' ';
    text[length++] = '|';
    for (size_t i = 0; i < size; i++)
        text[length++] = (char)(isprint((unsigned char)data[i]) ? data[i] : '.');
    text[length] = 0;
    output_text(ctl, text);
    output_text(ctl, "|\n");
}

static void print_hex(struct ctl *ctl, const struct traffic *traffic, uint64_t offset)
{
    for (size_t i = 0; i < traffic->data.size; i += HEX_LINE) {
        size_t left = traffic->data.size - i;
        print_head(ctl, traffic);
        print_hex_line(ctl, offset + i, traffic->data.data + i, left < HEX_LINE ? left : HEX_LINE);
    }
}

/* Lines as they are, but for what is no text, which is escaped wherever it goes. */
static void print_text(struct ctl *ctl, const struct traffic *traffic)
{
    const char *data = traffic->data.data;
    size_t left = traffic->data.size;

    while (left > 0) {
        const char *end = memchr(data, '\n', left);
        size_t size = end ? (size_t)(end - data) + 1 : left;
        print_head(ctl, traffic);
        escape_print(stdout, data, size);
        output_text(ctl, end ? "" : "\n");
        data += size;
        left -= size;
    }
}

static void print_lost(struct ctl *ctl, const struct traffic *traffic)
{
    char text[64];

    if (traffic->lost == 0)
        return;
    print_head(ctl, traffic);
    snprintf(text, sizeof text, "(%" PRId64 " bytes are not shown)\n", traffic->lost);
    output_text(ctl, text);
}

static void print_json(struct ctl *ctl, const struct traffic *traffic)
{
    output_json(ctl, json_pack("{s:f, s:s, s:o, s:I}", "time", traffic->time, "direction",
                               traffic->out ? "out" : "in", "data",
                               json_of_bytes(traffic->data.data, traffic->data.size), "lost",
                               (json_int_t)traffic->lost));
}

static void print_traffic(struct tap *tap, const struct traffic *traffic)
{
    struct ctl *ctl = tap->live.ctl;
    uint64_t *offset = &tap->offset[traffic->out];

    if (ctl->json) {
        print_json(ctl, traffic);
        return;
    }
    print_lost(ctl, traffic);
    *offset += (uint64_t)traffic->lost;
    if (tap->hex)
        print_hex(ctl, traffic, *offset);
    else
        print_text(ctl, traffic);
    *offset += traffic->data.size;
}

static void show(struct live *live, const char *method, const struct sockd_value *params)
{
    if (strcmp(method, "sockd.event") == 0)
        live->over = true; /* it was asked for its close only */
    if (strcmp(method, "sockd.trace") != 0)
        return;
    struct traffic traffic = read_traffic(params);
    print_traffic((struct tap *)live, &traffic);
}

static int ask(struct tap *tap, const char *handle, struct sockd_args *args)
{
    params_put_handle(args, handle);
    sockd_args_text(args, "close");
    int status = live_ask(&tap->live, methods[METHOD_sockd_watch].name, args);
    if (status)
        return status;
    sockd_args_clear(args);
    params_put_handle(args, handle);
    sockd_args_bool(args, true);
    return live_ask(&tap->live, methods[METHOD_sockd_trace].name, args);
}

static int run(struct ctl *ctl, const struct command *command)
{
    struct tap tap = {
        .live = {.ctl = ctl, .show = show},
        .hex = command_has(command, "hex"),
    };

    if (command->count != 1 || (tap.hex && command_has(command, "text")))
        return report_usage(ctl->verb, "expected a handle, and --hex or --text");
    struct sockd_args *args = sockd_args_new();
    int status = ask(&tap, command->arguments[0], args);
    if (!status)
        status = live_run(&tap.live);
    sockd_args_free(args);
    return status;
}

const struct verb verb_tap = {
    .name = "tap",
    .arguments = "HANDLE",
    .doc = "Shows what passes through a socket until it closes, and takes nothing of it",
    .options =
        {
            {"hex", NULL, 'x', "as hexadecimal numbers and characters"},
            {"text", NULL, 0, "as lines of text, which is what it does unless told otherwise"},
        },
    .run = run,
};
