/* From a message to its method; see dispatch.h. */
#include "rpc/dispatch.h"

#include "protocol/args.h"
#include "protocol/message.h"
#include "rpc/access.h"
#include "rpc/call.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "util/error.h"

#include <limits.h>

/* An answer to a request that never became a call. */
static void put_failure(struct peer *peer, const struct message *message,
                        const struct message_error *error)
{
    peer->rpc->failed++;
    if (message->kind != MESSAGE_REQUEST)
        return;
    message_put_failure(output_begin(&peer->output), &message->msgid, error);
    if (output_end(&peer->output) < 0)
        peer->broken = true;
}

static void reject_unknown(struct peer *peer, const struct message *message)
{
    char text[96];
    bool plain = message->method_size <= 64;
    for (size_t i = 0; plain && i < message->method_size; i++)
        plain = message->method[i] > 0x20 && message->method[i] < 0x7f;
    snprintf(text, sizeof text, "there is no method \"%.*s\"",
             plain ? (int)message->method_size : 1, plain ? message->method : "?");
    put_failure(peer, message, &(struct message_error){.number = ENOSYS, .text = text});
}

/* A client that is gone sees neither its answer nor what it would wait for: only what changes
 * something without waiting, and what writes, is worth beginning. */
static bool is_worth_it(const struct peer *peer, const struct message *message,
                        const struct method *method)
{
    if (!peer->hung_up)
        return true;
    if (method->reads)
        return false;
    return message->kind == MESSAGE_NOTIFICATION || method->wait == METHOD_WAIT_PROMPT ||
           method->result == METHOD_RESULT_COUNT;
}

static int run(struct rpc_call *call, const struct message *message)
{
    const struct method *method = call->method;
    struct args args;
    struct args_error error;
    const char *refused = access_to_method(&call->who, method);
    if (refused)
        return call_refuse(call, -EPERM, "%s", refused);
    int result = args_parse(&args, method, message->params, message->count, &error);
    if (result < 0)
        return call_fail(call, result, "%s", error.text);
    call->settings = args.settings;
    return call->rpc->methods[methods_id(method)](call, &args);
}

static void carry_out(struct peer *peer, const struct message *message)
{
    peer->rpc->served++;
    const struct method *method = methods_find(message->method, message->method_size);
    if (!method) {
        reject_unknown(peer, message);
        return;
    }
    if (!is_worth_it(peer, message, method)) {
        peer->rpc->dropped++;
        return;
    }
    struct rpc_call *call = call_new(peer, method);
    if (!call) {
        put_failure(peer, message, &(struct message_error){.number = ENOMEM});
        return;
    }
    call->msgid = message->msgid;
    call->wants_answer = message->kind == MESSAGE_REQUEST;
    call_proceed(call, run(call, message));
}

void dispatch(struct peer *peer, const void *bytes, size_t size)
{
    struct message message;
    if (message_parse(&message, bytes, size) < 0) {
        peer_reject(peer, message.has_msgid ? &message.msgid : NULL, -EBADMSG, message.reason);
        return;
    }
    if (message.kind == MESSAGE_RESPONSE) {
        peer_reject(peer, NULL, -EBADMSG, "an answer to a request that was never made");
        return;
    }
    if (message.kind == MESSAGE_REQUEST && call_find(peer, message.msgid)) {
        peer_reject(peer, &message.msgid, -EBADMSG, "the msgid is still in flight");
        return;
    }
    carry_out(peer, &message);
}
