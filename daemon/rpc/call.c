/*
 * The life of a call; see call.h.
 *
 * Calls come from a list of spare ones and return to it. A parked call is in its peer's list, or
 * among the orphans when the peer is gone, and is charged to its user.
 */
#include "rpc/call.h"

#include "net/sock.h"
#include "protocol/errname.h"
#include "rpc/handover.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/pool.h"

#include <stdarg.h>
#include <string.h>

/* More spare calls than this are given back. */
#define CALL_SPARE_MAX 256

struct rpc_call *call_new(struct peer *peer, const struct method *method)
{
    struct rpc *rpc = peer->rpc;
    struct list *spare = list_shift(&rpc->spare_calls);
    struct rpc_call *call = spare ? CONTAINER_OF(spare, struct rpc_call, link) : NULL;
    if (call)
        rpc->spare_count--;
    else if (!(call = malloc(sizeof *call)))
        return NULL;
    call->magic = CALL_MAGIC;
    call->msgid = 0;
    call->wants_answer = call->parked = call->has_op = call->hooked = false;
    call->rpc = rpc;
    call->peer = peer;
    call->who = peer->who;
    call->method = method;
    call->strings = NULL;
    call->block = NULL;
    call->work = NULL;
    call->settings = (struct arg_settings){0};
    call->handler = call->handler_name = (struct arg_bytes){0};
    call->error = (struct message_error){0};
    list_init(&call->link);
    return call;
}

static void call_free(struct rpc_call *call)
{
    struct rpc *rpc = call->rpc;
    MAGIC_CHECK(call, CALL_MAGIC);
    CHECK(!call->parked && !call->block);
    free(call->strings);
    call->magic = 0;
    if (rpc->spare_count >= CALL_SPARE_MAX) {
        free(call);
        return;
    }
    list_prepend(&rpc->spare_calls, &call->link);
    rpc->spare_count++;
}

void call_deinit_spares(struct rpc *rpc)
{
    for (struct list *link; (link = list_shift(&rpc->spare_calls));)
        free(CONTAINER_OF(link, struct rpc_call, link));
    rpc->spare_count = 0;
}

/* ---- errors ---- */

__attribute__((format(printf, 2, 0))) static void
call_set_text(struct rpc_call *call, const char *format, va_list arguments)
{
    vsnprintf(call->rpc->text, sizeof call->rpc->text, format, arguments);
    call->error.text = call->rpc->text;
}

int call_fail(struct rpc_call *call, int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    call_set_text(call, format, arguments);
    va_end(arguments);
    return error;
}

int call_refuse(struct rpc_call *call, int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    call_set_text(call, format, arguments);
    va_end(arguments);
    call->error.refused = true;
    return error;
}

/* A look-up that failed has no errno; EIO stands in for it. */
static void call_set_number(struct rpc_call *call, int error)
{
    struct message_error *failure = &call->error;
    if (!error_is_eai(error)) {
        failure->number = -error;
        return;
    }
    int code = error_eai_code(error);
    failure->number = EIO;
    failure->name = errname_of_eai(code);
    if (!failure->text)
        failure->text = errname_eai_text(code);
}

/* ---- answers ---- */

static int call_put_failure(struct rpc_call *call, int error)
{
    struct output *output = &call->peer->output;
    call_set_number(call, error);
    message_put_failure(output_begin(output), &call->msgid, &call->error);
    return output_end(output);
}

static bool call_carries_bytes(const struct rpc_call *call)
{
    return call->method->result == METHOD_RESULT_BYTES ||
           call->method->result == METHOD_RESULT_BYTES_STATUS ||
           call->method->result == METHOD_RESULT_BYTES_FROM;
}

static bool call_announces(const struct rpc_call *call)
{
    return call->method->result == METHOD_RESULT_ID ||
           call->method->result == METHOD_RESULT_ID_PAIR ||
           call->method->result == METHOD_RESULT_ID_ADDRESS;
}

/* What the client must not lose if it goes before it has its answer. When there is no memory for
 * the claim, the answer counts as delivered. */
static void call_claim(struct rpc_call *call, size_t size, size_t data_at)
{
    struct output *output = &call->peer->output;
    struct answer *answer = &call->answer;
    if (call_announces(call)) {
        if (output_claim_sock(output, answer->made.sock, answer->made.listener) == 0)
            answer->made.sock = NULL;
        if (answer->made.second && output_claim_sock(output, answer->made.second, 0) == 0)
            answer->made.second = NULL;
    } else if (call_carries_bytes(call) && answer->bytes.consumed && answer->bytes.length > 0 &&
               sock_is_stream(call->op.sock)) {
        (void)output_claim_data(output, sock_id(call->op.sock), size, data_at,
                                answer->bytes.length);
    }
}

/* The descriptor goes with the answer that has just been written, or there is no answer. */
static int call_lend(struct rpc_call *call, size_t size)
{
    struct peer *peer = call->peer;
    struct handover *handover = NULL;
    int result = 0;
    if (peer->confirms_descriptors)
        handover = handover_new(&peer->handovers, call->msgid);
    if (peer->confirms_descriptors && !handover)
        result = -ENOMEM;
    if (result == 0)
        result = output_claim_lent(&peer->output, call->answer.map.of, size, handover);
    if (result < 0) {
        handover_free(handover);
        output_retract(&peer->output, size);
    }
    return result;
}

static int call_put_answer(struct rpc_call *call)
{
    struct output *output = &call->peer->output;
    struct writer *writer = output_begin(output);
    size_t data_at = 0;
    message_put_answer(writer, call->msgid);
    int result = answer_put(writer, call->method->result, &call->answer, call, &data_at);
    if (result < 0)
        writer->error = result;
    size_t size = writer->size;
    result = output_end(output);
    if (result == 0 && call->method->result == METHOD_RESULT_LENT)
        result = call_lend(call, size);
    else if (result == 0)
        call_claim(call, size, data_at);
    else if (result != -ENOMEM)
        call_refuse(call, result, "the answer is larger than what may be held for you");
    return result;
}

static void call_settle_one(struct sock *sock, bool keep)
{
    if (keep && sock_is_open(sock))
        sock_keep(sock);
    else
        sock_close(sock);
    sock_unref(sock);
}

/* A socket that nobody is told of: carried out for a notification, undone after a failure. */
static void call_settle_sock(struct rpc_call *call, bool keep)
{
    struct sock *sock = call->answer.made.sock;
    struct sock *second = call->answer.made.second;
    struct sock *listener = call->has_op ? call->op.sock : NULL;
    if (second)
        call_settle_one(second, keep);
    call->answer.made.second = NULL;
    if (!sock)
        return;
    call->answer.made.sock = NULL;
    if (!keep && call->answer.made.listener > 0 && listener && sock_is_open(listener)) {
        handles_forget(&call->rpc->handles, sock_id(sock));
        sock_unaccept(listener, sock);
        return;
    }
    call_settle_one(sock, keep);
}

static void call_release(struct rpc_call *call)
{
    if (call->has_op)
        op_finish(&call->op);
    struct call_work *work = STEAL(call->work);
    if (work)
        work->free(work);
    if (call->block) {
        pool_give(call->rpc->pool, call->block, call->block_size);
        quota_release(call->user, QUOTA_BYTES, call->block_size);
        call->block = NULL;
    }
}

static void call_unpark(struct rpc_call *call)
{
    struct peer *peer = call->peer;
    list_unlink(&call->link);
    if (peer) {
        peer->in_flight--;
        if (call->wants_answer)
            hash_remove(&peer->by_msgid, &call->by_msgid);
    }
    call->parked = false;
    quota_release(call->user, QUOTA_REQUESTS, 1);
}

void call_finish(struct rpc_call *call, int result)
{
    struct rpc *rpc = call->rpc;
    struct peer *peer = call->peer;
    bool made = result == 0 && call_announces(call);
    bool took = result == 0 && call_carries_bytes(call) && call->answer.bytes.consumed;
    bool was_parked = call->parked;
    if (was_parked)
        call_unpark(call);
    if (peer && call->wants_answer) {
        if (result == 0)
            result = call_put_answer(call);
        if (result < 0 && call_put_failure(call, result) < 0)
            peer->broken = true;
    }
    if (made)
        call_settle_sock(call, result == 0);
    if (took && result == 0)
        op_consume(&call->op);
    rpc->failed += result < 0;
    call_release(call);
    if (was_parked)
        quota_user_put(call->user);
    call_free(call);
    if (peer && was_parked)
        peer_wake(peer);
    if (!peer)
        rpc_check_drained(rpc);
}

/* ---- parking ---- */

/* All strings of the message that the completion needs, behind one another. */
static int call_own_strings(struct rpc_call *call)
{
    struct arg_bytes *strings[] = {&call->settings.name, &call->handler, &call->handler_name};
    size_t total = 0;
    for (size_t i = 0; i < 3; i++)
        total += strings[i]->size;
    if (total == 0)
        return 0;
    char *at = call->strings = malloc(total);
    if (!at)
        return -ENOMEM;
    for (size_t i = 0; i < 3; i++) {
        if (!strings[i]->data)
            continue;
        memcpy(at, strings[i]->data, strings[i]->size);
        strings[i]->data = at;
        at += strings[i]->size;
    }
    return 0;
}

int call_park(struct rpc_call *call)
{
    struct peer *peer = call->peer;
    if (call->wants_answer) {
        int result = hash_add(&peer->by_msgid, &call->by_msgid, hash_number(call->msgid));
        if (result < 0)
            return result;
    }
    call->user = quota_user_ref(peer->user);
    quota_force(call->user, QUOTA_REQUESTS, 1);
    call->parked = true;
    peer->in_flight++;
    list_append(&peer->calls, &call->link);
    return 0;
}

void call_proceed(struct rpc_call *call, int result)
{
    if (result == CALL_OVER)
        return;
    if (result == CALL_PARKED) {
        if (call->parked)
            return;
        result = call_park(call);
        if (result == 0)
            return;
        op_abort(&call->op);
        call->has_op = false;
    }
    call_finish(call, result);
}

struct rpc_call *call_find(const struct peer *peer, uint32_t msgid)
{
    for (struct hash_node *node = hash_first(&peer->by_msgid, hash_number(msgid)); node;
         node = hash_next(node)) {
        struct rpc_call *call = CONTAINER_OF(node, struct rpc_call, by_msgid);
        if (call->msgid == msgid)
            return call;
    }
    return NULL;
}

/* ---- the end of parked calls ---- */

static bool call_is_write(const struct rpc_call *call)
{
    return call->method->result == METHOD_RESULT_COUNT;
}

void call_abandon(struct rpc_call *call)
{
    struct peer *peer = call->peer;
    if (call->wants_answer && !call_is_write(call)) {
        call_abort(call);
        return;
    }
    list_unlink(&call->link);
    list_append(&call->rpc->orphans, &call->link);
    peer->in_flight--;
    if (call->wants_answer)
        hash_remove(&peer->by_msgid, &call->by_msgid);
    call->peer = NULL;
}

static void call_stop(struct rpc_call *call)
{
    if (call->hooked)
        call->rpc->hooks.run_cancel(call->rpc->hook_context, call->running);
    call->hooked = false;
    if (call->has_op)
        op_abort(&call->op);
    call->has_op = false;
}

void call_abort(struct rpc_call *call)
{
    call_unpark(call);
    call_stop(call);
    call_release(call);
    quota_user_put(call->user);
    call_free(call);
}

void call_cancel(struct rpc_call *call, int error)
{
    if (call->has_op) {
        op_cancel(&call->op, error);
        return;
    }
    call_stop(call);
    call_finish(call, error);
}

/* ---- operations ---- */

static void call_on_done(struct op *op)
{
    struct rpc_call *call = CONTAINER_OF(op, struct rpc_call, op);
    MAGIC_CHECK(call, CALL_MAGIC);
    call_finish(call, call->complete(call));
}

/* The bytes of a write that waits, out of the message, which the input is about to drop. */
static int call_own_data(struct rpc_call *call)
{
    struct op *op = &call->op;
    struct quota_user *user = call->peer->user;
    if (op->out.length == 0) /* of an empty message, which waits as others do */
        return 0;
    if (op->out.length - op->out.sent > quota_left(user, QUOTA_BYTES))
        return -EDQUOT;
    call->block = pool_take(call->rpc->pool, op->out.length, &call->block_size);
    if (!call->block)
        return -ENOMEM;
    memcpy(call->block, op->out.data, op->out.length);
    op->out.data = call->block;
    call->user = user;
    quota_force(user, QUOTA_BYTES, call->block_size);
    return 0;
}

/* The delimiters that a waiting read looks for, likewise. */
static int call_own_delimiters(struct rpc_call *call)
{
    struct op *op = &call->op;
    uint32_t count = op->in.delimiter_count;
    size_t total = count * sizeof(struct slice);
    for (uint32_t i = 0; i < count; i++)
        total += op->in.delimiters[i].length;
    struct slice *copies = malloc(total);
    if (!copies)
        return -ENOMEM;
    call->strings = copies;
    char *at = (char *)(copies + count);
    for (uint32_t i = 0; i < count; i++) {
        copies[i] = (struct slice){at, op->in.delimiters[i].length};
        memcpy(at, op->in.delimiters[i].data, copies[i].length);
        at += copies[i].length;
    }
    op->in.delimiters = copies;
    return 0;
}

static int call_own(struct rpc_call *call)
{
    if (call_is_write(call))
        return call_own_data(call);
    if (call_carries_bytes(call))
        return call->op.in.delimiter_count > 0 ? call_own_delimiters(call) : 0;
    return call_own_strings(call);
}

void call_set_sent(struct rpc_call *call)
{
    if (!call_is_write(call))
        return;
    call->error.has_sent = true;
    call->error.sent = call->op.out.sent;
}

int call_start(struct rpc_call *call, double timeout, call_fn *complete)
{
    call->has_op = true;
    call->complete = complete;
    if (op_start(&call->op, loop_deadline(timeout), call_on_done) == OP_DONE)
        return complete(call);
    int result = call_own(call);
    if (result == 0)
        return CALL_PARKED;
    call_set_sent(call);
    op_abort(&call->op);
    call->has_op = false;
    if (result == -EDQUOT)
        return call_refuse(call, result, "as much waits to be written as may be held for you");
    return result;
}
