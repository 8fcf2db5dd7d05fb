/* Results as MessagePack; see answer.h. */
#include "rpc/answer.h"

#include "net/sock.h"

void answer_put_address(struct writer *writer, const struct address *address,
                        const struct sock *sock)
{
    struct address_text text;
    char protocol[16];
    address_format(address, &text);
    writer_map(writer, 5);
    writer_text(writer, "host");
    writer_text(writer, text.host);
    writer_text(writer, "family");
    writer_text(writer, address_family_name(address->family));
    writer_text(writer, "type");
    writer_text(writer, address_type_name(sock_type(sock)));
    writer_text(writer, "protocol");
    writer_text(writer, address_protocol_name(sock_protocol(sock), protocol));
    writer_text(writer, "port");
    if (text.port >= 0)
        writer_int(writer, text.port);
    else
        writer_text(writer, text.path);
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

static void put_id_address(struct writer *writer, const struct answer *answer)
{
    writer_array(writer, 2);
    writer_uint(writer, sock_id(answer->made.sock));
    answer_put_address(writer, &answer->address, answer->made.sock);
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
    case METHOD_RESULT_BYTES:
        *data_at = put_bytes(writer, answer);
        break;
    case METHOD_RESULT_BYTES_STATUS:
        *data_at = put_bytes_status(writer, answer);
        break;
    case METHOD_RESULT_ID:
        writer_uint(writer, sock_id(answer->made.sock));
        break;
    case METHOD_RESULT_ID_ADDRESS:
        put_id_address(writer, answer);
        break;
    case METHOD_RESULT_ADDRESS:
        answer_put_address(writer, &answer->address, answer->of);
        break;
    case METHOD_RESULT_MAP:
    case METHOD_RESULT_LIST:
        return answer->map.put(call, writer);
    case METHOD_RESULT_ANY:
        writer_raw(writer, answer->value.data, answer->value.size);
        break;
    }
    return 0;
}
