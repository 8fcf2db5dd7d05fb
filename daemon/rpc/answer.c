/* Results as MessagePack; see answer.h. */
#include "rpc/answer.h"

#include "loop/loop.h"
#include "net/sock.h"

static void put_pair(struct writer *writer, const char *key, const char *text)
{
    writer_text(writer, key);
    writer_text(writer, text);
}

static void put_purpose(struct writer *writer, const struct purpose *purpose)
{
    char protocol[16];
    put_pair(writer, "type", address_type_name(purpose->type));
    put_pair(writer, "protocol", address_protocol_name(purpose->protocol, protocol));
    if (purpose->canonname) {
        writer_text(writer, "canonname");
        writer_outside(writer, purpose->canonname);
    }
}

void answer_put_address(struct writer *writer, const struct address *address,
                        const struct purpose *purpose)
{
    struct address_text text;
    address_format(address, &text);
    writer_map(writer, !purpose ? 3 : purpose->canonname ? 6 : 5);
    writer_text(writer, "host");
    if (address->family == AF_INET6) /* an interface may have any name */
        writer_outside(writer, text.host);
    else
        writer_text(writer, text.host);
    put_pair(writer, "family", address_family_name(address->family));
    if (purpose)
        put_purpose(writer, purpose);
    writer_text(writer, "port");
    if (text.port >= 0)
        writer_int(writer, text.port);
    else
        writer_outside(writer, text.path);
}

/* An address of a socket, which is for what the socket is. */
static void put_sock_address(struct writer *writer, const struct address *address,
                             const struct sock *sock)
{
    const struct purpose purpose = {.type = sock_type(sock), .protocol = sock_protocol(sock)};
    answer_put_address(writer, address, &purpose);
}

static void put_activity(struct writer *writer, const struct answer *answer)
{
    static const char *const names[] = {
        [0] = "", [LOOP_READ] = "R", [LOOP_WRITE] = "W", [LOOP_READ | LOOP_WRITE] = "RW"};
    unsigned events = answer->activity.events & (LOOP_READ | LOOP_WRITE);
    if (answer->activity.as_number)
        writer_uint(writer, events);
    else
        writer_text(writer, names[events]);
}

static void put_linger(struct writer *writer, const struct answer *answer)
{
    writer_array(writer, 2);
    writer_bool(writer, answer->linger.active);
    writer_int(writer, answer->linger.seconds);
}

static size_t put_bytes(struct writer *writer, const struct answer *answer)
{
    writer_bin_head(writer, answer->bytes.length);
    size_t at = writer->size;
    writer_raw(writer, answer->bytes.data, answer->bytes.length);
    return at;
}

static size_t put_bytes_status(struct writer *writer, const struct answer *answer)
{
    writer_array(writer, 2);
    size_t at = put_bytes(writer, answer);
    writer_text(writer, answer->bytes.eof ? "eof" : NULL);
    return at;
}

static size_t put_bytes_from(struct writer *writer, const struct answer *answer)
{
    writer_array(writer, 2);
    size_t at = put_bytes(writer, answer);
    if (answer->address.length > 0)
        answer_put_address(writer, &answer->address, NULL);
    else
        writer_nil(writer);
    return at;
}

static void put_id_pair(struct writer *writer, const struct answer *answer)
{
    writer_array(writer, 2);
    writer_uint(writer, sock_id(answer->made.sock));
    writer_uint(writer, sock_id(answer->made.second));
}

static void put_id_address(struct writer *writer, const struct answer *answer)
{
    writer_array(writer, 2);
    writer_uint(writer, sock_id(answer->made.sock));
    put_sock_address(writer, &answer->address, answer->made.sock);
}

int answer_put(struct writer *writer, enum method_result kind, const struct answer *answer,
               struct rpc_call *call, size_t *data_at)
{
    switch (kind) {
    case METHOD_RESULT_TRUE:
        writer_bool(writer, true);
        break;
    case METHOD_RESULT_BOOL:
        writer_bool(writer, answer->boolean);
        break;
    case METHOD_RESULT_INT:
    case METHOD_RESULT_COUNT:
        writer_int(writer, answer->integer);
        break;
    case METHOD_RESULT_TEXT:
    case METHOD_RESULT_EVENTS:
        writer_text(writer, answer->text);
        break;
    case METHOD_RESULT_ACTIVITY:
        put_activity(writer, answer);
        break;
    case METHOD_RESULT_LINGER:
        put_linger(writer, answer);
        break;
    case METHOD_RESULT_BYTES:
        *data_at = put_bytes(writer, answer);
        break;
    case METHOD_RESULT_BYTES_STATUS:
        *data_at = put_bytes_status(writer, answer);
        break;
    case METHOD_RESULT_BYTES_FROM:
        *data_at = put_bytes_from(writer, answer);
        break;
    case METHOD_RESULT_ID:
        writer_uint(writer, sock_id(answer->made.sock));
        break;
    case METHOD_RESULT_ID_PAIR:
        put_id_pair(writer, answer);
        break;
    case METHOD_RESULT_ID_ADDRESS:
        put_id_address(writer, answer);
        break;
    case METHOD_RESULT_ADDRESS:
        put_sock_address(writer, &answer->address, answer->of);
        break;
    case METHOD_RESULT_MAP:
    case METHOD_RESULT_LENT:
    case METHOD_RESULT_LIST:
        return answer->map.put(call, writer);
    case METHOD_RESULT_VALUE:
    case METHOD_RESULT_ANY:
        writer_raw(writer, answer->value.data, answer->value.size);
        break;
    }
    return 0;
}
