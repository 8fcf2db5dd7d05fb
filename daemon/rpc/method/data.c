/* The methods that move bytes or wait until they can: send, write, syswrite, recv, read, sysread,
 * readable, writable, wait, iowait. */
#include "net/sock.h"
#include "rpc/method/method.h"
#include "rpc/method/symbols.h"
#include "util/error.h"

#include <sys/socket.h>

/* ---- writing ---- */

int method_send(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_data_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    int flags = symbol_flags(&args->arg[2]);
    if (flags < 0)
        return method_bad_flags(call);
    op_send(&call->op, sock, args->arg[1].bytes.data, args->arg[1].bytes.size, flags);
    return call_start(call, args->timeout, method_written);
}

int method_write(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_data_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    op_write(&call->op, sock, args->arg[1].bytes.data, args->arg[1].bytes.size);
    return call_start(call, args->timeout, method_written);
}

int method_syswrite(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_data_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    op_syswrite(&call->op, sock, args->arg[1].bytes.data, args->arg[1].bytes.size);
    return call_start(call, args->timeout, method_written);
}

/* ---- reading ---- */

int method_recv(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_data_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    const struct arg *size = &args->arg[1];
    int flags = symbol_flags(&args->arg[2]);
    if (flags < 0)
        return method_bad_flags(call);
    op_recv(&call->op, sock, size->kind == ARG_INTEGER ? (size_t)size->integer : OP_RECV_ANY,
            flags);
    return call_start(call, args->timeout, method_was_read);
}

/* The delimiters of the message as slices; call_start copies them if the read must wait. */
static void take_delimiters(const struct arg_what *what, struct slice out[LIMIT_DELIMITERS])
{
    struct view view = what->delimiter;
    for (uint32_t i = 0; i < what->delimiters; i++) {
        const char *data = NULL;
        size_t size = 0;
        CHECK(view_bytes(&view, &data, &size));
        out[i] = (struct slice){data, size};
    }
}

int method_read(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_data_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    const struct arg_what *what = &args->arg[1].what;
    struct slice delimiters[LIMIT_DELIMITERS];
    take_delimiters(what, delimiters);
    struct read_what until = {
        .limit = what->has_limit ? what->limit : OP_READ_ALL,
        .delimiters = delimiters,
        .delimiter_count = what->delimiters,
    };
    op_read(&call->op, sock, &until);
    return call_start(call, args->timeout, method_was_read);
}

int method_sysread(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_data_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    const struct arg *size = &args->arg[1];
    op_sysread(&call->op, sock, size->kind == ARG_INTEGER ? (size_t)size->integer : LIMIT_DATA);
    return call_start(call, args->timeout, method_was_read);
}

/* ---- waiting ---- */

static int ready_complete(struct rpc_call *call)
{
    int status = call->op.status;
    call->answer.boolean = status == 0;
    return status == -ETIMEDOUT ? 0 : status;
}

int method_readable(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    op_wait(&call->op, sock, LOOP_READ);
    return call_start(call, args->timeout, ready_complete);
}

int method_writable(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    op_wait(&call->op, sock, LOOP_WRITE);
    return call_start(call, args->timeout, ready_complete);
}

static int wait_complete(struct rpc_call *call)
{
    static const char *const events[] = {
        [0] = "", [LOOP_READ] = "R", [LOOP_WRITE] = "W", [LOOP_READ | LOOP_WRITE] = "RW"};
    struct op *op = &call->op;
    if (op->status < 0 && op->status != -ETIMEDOUT)
        return op->status;
    unsigned got = op->status == 0 ? op->ready.got & (LOOP_READ | LOOP_WRITE) : 0;
    call->answer.text = events[got];
    return 0;
}

int method_wait(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    op_wait(&call->op, sock, LOOP_READ | LOOP_WRITE);
    return call_start(call, args->timeout, wait_complete);
}

static int iowait_complete(struct rpc_call *call)
{
    const struct op *op = &call->op;
    if (op->status < 0 && op->status != -ETIMEDOUT)
        return op->status;
    call->answer.activity.events = op->status == 0 ? op->ready.got : 0;
    call->answer.activity.as_number = call->as_number;
    return 0;
}

int method_iowait(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    call->as_number = args->arg[1].kind == ARG_INTEGER;
    op_wait(&call->op, sock, symbol_events(&args->arg[1]));
    return call_start(call, args->timeout, iowait_complete);
}
