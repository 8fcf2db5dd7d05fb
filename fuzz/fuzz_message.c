/*
 * The bytes of a control connection before anything acts on them: the scan, the message's shape,
 * the method's parameters.
 *
 * The first byte says in pieces of what size the rest arrives. However it does, the scan says the
 * same; what it has found whole, msgpack-c accepts too, and no reader goes beyond it.
 */
#include "fuzz.h"

#include "protocol/args.h"
#include "protocol/message.h"
#include "protocol/scan.h"

#include <msgpack.h>
#include <string.h>

/* Announced lengths must not matter, so the limits may stay the wire's. */
static enum scan_verdict scan_whole(struct scan *scan, const uint8_t *data, size_t size)
{
    scan_init(scan, &scan_default_limits);
    return size > 0 ? scan_step(scan, data, size) : SCAN_MORE;
}

/* The bytes move between the steps, as a buffer's do. */
static enum scan_verdict scan_pieces(struct scan *scan, const uint8_t *data, size_t size,
                                     size_t piece)
{
    enum scan_verdict verdict = SCAN_MORE;
    scan_init(scan, &scan_default_limits);
    for (size_t there = 0; verdict == SCAN_MORE && there < size;) {
        there = there + piece < size ? there + piece : size;
        uint8_t *copy = malloc(there);
        MUST(copy);
        memcpy(copy, data, there);
        verdict = scan_step(scan, copy, there);
        free(copy);
    }
    return verdict;
}

static void check_scan(const uint8_t *data, size_t size, size_t piece, struct scan *scan,
                       enum scan_verdict verdict)
{
    struct scan again;
    enum scan_verdict second = scan_pieces(&again, data, size, piece);
    MUST(second == verdict);
    if (verdict == SCAN_WHOLE)
        MUST(scan->size <= size && again.size == scan->size);
    if (verdict == SCAN_MORE && size > 0)
        MUST(scan->need > size);
    if (verdict == SCAN_BAD)
        MUST(scan->reason && again.reason);
}

/* The other reader of the same format has the same opinion of where the value ends. */
static void check_msgpack(const uint8_t *data, size_t size)
{
    msgpack_unpacked result;
    size_t offset = 0;
    msgpack_unpacked_init(&result);
    MUST(msgpack_unpack_next(&result, (const char *)data, size, &offset) == MSGPACK_UNPACK_SUCCESS);
    MUST(offset == size);
    msgpack_unpacked_destroy(&result);
}

static void check_arg(const struct arg *arg, const struct method_param *param)
{
    volatile uint8_t sum = 0;
    struct view view = arg->kind == ARG_WHAT ? arg->what.delimiter : arg->list.value;
    uint32_t count = arg->kind == ARG_WHAT    ? arg->what.delimiters
                     : arg->kind == ARG_VALUE ? arg->list.count
                     : arg->kind == ARG_LIST  ? arg->list.count
                                              : 0;
    MUST(!param->required || arg->kind != ARG_ABSENT);
    for (; count > 0; count--)
        MUST(view_skip(&view));
    if (arg->kind == ARG_BYTES)
        for (size_t i = 0; i < arg->bytes.size; i++)
            sum = (uint8_t)(sum + (uint8_t)arg->bytes.data[i]);
}

static void check_args(const struct message *message, const struct method *method)
{
    struct args args;
    struct args_error error = {.text = ""};
    if (args_parse(&args, method, message->params, message->count, &error) < 0) {
        MUST(error.text[0]);
        MUST(strnlen(error.text, sizeof error.text) < sizeof error.text);
        return;
    }
    for (unsigned i = 0; i < method->count; i++)
        check_arg(&args.arg[i], &method->params[i]);
}

static void check_message(const uint8_t *data, size_t size, uint8_t choice)
{
    struct message message;
    uint32_t msgid = 0;
    bool peeked = message_peek_msgid(data, size, &msgid);
    if (message_parse(&message, data, size) < 0) {
        MUST(message.reason);
        return;
    }
    if (message.kind == MESSAGE_RESPONSE)
        return;
    MUST(message.kind != MESSAGE_REQUEST || (peeked && msgid == message.msgid));
    const struct method *named = methods_find(message.method, message.method_size);
    if (named)
        check_args(&message, named);
    check_args(&message, &methods[choice % METHOD_COUNT]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {data, size};
    uint8_t choice = food_byte(&food);
    struct scan scan;
    enum scan_verdict verdict = scan_whole(&scan, food.at, food.left);
    check_scan(food.at, food.left, 1 + choice % 16, &scan, verdict);
    if (verdict != SCAN_WHOLE)
        return 0;
    check_msgpack(food.at, scan.size);
    check_message(food.at, scan.size, choice);
    return 0;
}
