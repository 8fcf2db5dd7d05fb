/*
 * The shapes of MessagePack-RPC. See message.h.
 */
#include "protocol/message.h"

#include "protocol/errname.h"
#include "protocol/head.h"
#include "protocol/utf8.h"

#include <errno.h>

static int bad(struct message *message, const char *reason)
{
    message->reason = reason;
    return -EBADMSG;
}

static bool read_msgid(struct view *view, uint32_t *msgid)
{
    struct view rest = *view;
    int64_t number;

    if (!view_int(&rest, &number) || number < 0 || number > UINT32_MAX)
        return false;
    *msgid = (uint32_t)number;
    *view = rest;
    return true;
}

static int parse_call(struct message *message, struct view *view)
{
    /* pynvim writes it as bin */
    if (!view_bytes(view, &message->method, &message->method_size))
        return bad(message, "the method's name is no string");
    if (!view_array(view, &message->count))
        return bad(message, "the parameters are no array");
    message->params = *view;
    return 0;
}

static int parse_response(struct message *message, struct view *view)
{
    if (!view_take(view, &message->error) || !view_take(view, &message->result))
        return bad(message, "the response is not whole");
    return 0;
}

static uint32_t values_of_kind(int64_t kind)
{
    return kind == MESSAGE_NOTIFICATION ? 3 : 4;
}

/* What nearly all messages are: a request, with a short name for its method, and few parameters.
 * False, and nothing is said, of any other. */
static bool parse_common(struct message *message, const uint8_t *bytes, size_t size)
{
    struct head msgid = {.kind = HEAD_INVALID};
    size_t at = 2;

    if (size < 5 || bytes[0] != 0x94 || bytes[1] != MESSAGE_REQUEST)
        return false;
    at += head_read(&msgid, bytes + at, size - at);
    if (at >= size || msgid.kind != HEAD_UNSIGNED || msgid.number > UINT32_MAX)
        return false;
    size_t name = bytes[at++] ^ 0xa0u; /* a str's head, of up to 31 bytes */
    if (name > 31 || size - at < name + 1)
        return false;
    uint32_t count = bytes[at + name] ^ 0x90u; /* an array's, of up to 15 values */
    if (count > 15)
        return false;
    *message = (struct message){
        .kind = MESSAGE_REQUEST,
        .has_msgid = true,
        .msgid = (uint32_t)msgid.number,
        .method = (const char *)bytes + at,
        .method_size = name,
        .params = {bytes + at + name + 1, bytes + size},
        .count = count,
    };
    return true;
}

int message_parse(struct message *message, const void *bytes, size_t size)
{
    struct view view = view_of(bytes, size);
    uint32_t count;
    int64_t kind;

    if (parse_common(message, bytes, size))
        return 0;
    memset(message, 0, sizeof *message);
    if (!view_array(&view, &count) || count == 0)
        return bad(message, "the message is no array");
    if (!view_int(&view, &kind) || kind < MESSAGE_REQUEST || kind > MESSAGE_NOTIFICATION)
        return bad(message, "the message's kind is not 0, 1 or 2");
    message->kind = (enum message_kind)kind;
    if (kind != MESSAGE_NOTIFICATION)
        message->has_msgid = read_msgid(&view, &message->msgid);
    if (count != values_of_kind(kind))
        return bad(message, "the message has a wrong number of values");
    /* the daemon's answer to a message that it could not read has no msgid to name */
    bool anonymous = kind == MESSAGE_NOTIFICATION ||
                     (kind == MESSAGE_RESPONSE && !message->has_msgid && view_skip_nil(&view));
    if (!anonymous && !message->has_msgid)
        return bad(message, "the msgid is not an integer from 0 to 4294967295");
    return kind == MESSAGE_RESPONSE ? parse_response(message, &view) : parse_call(message, &view);
}

bool message_peek_msgid(const void *bytes, size_t available, uint32_t *msgid)
{
    struct view view = view_of(bytes, available);
    uint32_t count;
    int64_t kind;

    return view_array(&view, &count) && view_int(&view, &kind) && kind == MESSAGE_REQUEST &&
           read_msgid(&view, msgid);
}

void message_put_request(struct writer *writer, uint32_t msgid, const char *method, size_t size,
                         uint32_t count)
{
    writer_array(writer, 4);
    writer_int(writer, MESSAGE_REQUEST);
    writer_uint(writer, msgid);
    writer_str(writer, method, size);
    writer_array(writer, count);
}

void message_put_notification(struct writer *writer, const char *method, size_t size,
                              uint32_t count)
{
    writer_array(writer, 3);
    writer_int(writer, MESSAGE_NOTIFICATION);
    writer_str(writer, method, size);
    writer_array(writer, count);
}

/* A number as MessagePack, in its shortest form; returns how many bytes that are. Five are written
 * in any case: the number's own, and what does not count behind them. */
static size_t encode_uint(uint8_t *bytes, uint32_t number)
{
    size_t width = number < 0x80 ? 0 : number <= UINT8_MAX ? 1 : number <= UINT16_MAX ? 2 : 4;
    uint32_t big = htobe32(number << 8 * (4 - width) % 32);

    bytes[0] = width == 0 ? (uint8_t)number : (uint8_t)(0xcc + width / 2);
    memcpy(bytes + 1, &big, sizeof big);
    return 1 + width;
}

/* In one piece: it stands before every answer. */
void message_put_answer(struct writer *writer, uint32_t msgid)
{
    uint8_t bytes[8] = {0x94, MESSAGE_RESPONSE};
    size_t size = 2 + encode_uint(bytes + 2, msgid);

    bytes[size++] = 0xc0;
    writer_raw(writer, bytes, size);
}

/* The sentence that nvim and pynvim show: "ECONNREFUSED: Connection refused". */
static void put_sentence(struct writer *writer, const char *name, const char *text)
{
    size_t name_size = strlen(name);
    size_t text_size = utf8_size(text);

    writer_str_head(writer, name_size + 2 + text_size);
    writer_raw(writer, name, name_size);
    writer_raw(writer, ": ", 2);
    writer_escaped(writer, text);
}

static void put_details(struct writer *writer, const char *name, const char *text,
                        const struct message_error *error)
{
    writer_map(writer, 3u + error->has_sent + error->refused);
    writer_text(writer, "errno");
    writer_int(writer, error->number);
    writer_text(writer, "name");
    writer_text(writer, name);
    writer_text(writer, "message");
    writer_outside(writer, text);
    if (error->has_sent) {
        writer_text(writer, "sent");
        writer_uint(writer, error->sent);
    }
    if (error->refused) {
        writer_text(writer, "refused");
        writer_bool(writer, true);
    }
}

static const char *name_of(const struct message_error *error)
{
    const char *name = error->name ? error->name : errname_of(error->number);

    return name ? name : "EUNKNOWN";
}

static const char *text_of(const struct message_error *error)
{
    return error->text ? error->text : errname_text(error->number);
}

void message_put_details(struct writer *writer, const struct message_error *error)
{
    put_details(writer, name_of(error), text_of(error), error);
}

void message_put_failure(struct writer *writer, const uint32_t *msgid,
                         const struct message_error *error)
{
    const char *name = name_of(error);
    const char *text = text_of(error);

    writer_array(writer, 4);
    writer_int(writer, MESSAGE_RESPONSE);
    if (msgid)
        writer_uint(writer, *msgid);
    else
        writer_nil(writer);
    writer_array(writer, 2);
    writer_int(writer, 0);
    put_sentence(writer, name, text);
    put_details(writer, name, text, error);
}
