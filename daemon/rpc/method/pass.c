/* The methods by which descriptors come and go: sockd.take, sockd.taken, sockd.give. */
#include "loop/closer.h"
#include "net/sock.h"
#include "rpc/access.h"
#include "rpc/method/describe.h"
#include "rpc/method/method.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <inttypes.h>
#include <sys/socket.h>

/* ---- take ---- */

typedef int name_fn(int fd, struct sockaddr *address, socklen_t *length);

/* As the methods name and peer tell it; nil if there is none. */
static void put_address(struct writer *writer, const char *key, const struct sock *sock,
                        name_fn *ask)
{
    const struct purpose purpose = {.type = sock_type(sock), .protocol = sock_protocol(sock)};
    struct sockaddr_storage raw;
    struct address address;
    socklen_t length = sizeof raw;
    writer_text(writer, key);
    if (ask(sock_fd(sock), (struct sockaddr *)&raw, &length) < 0) {
        writer_nil(writer);
        return;
    }
    address_set(&address, (struct sockaddr *)&raw, length);
    answer_put_address(writer, &address, &purpose);
}

static int put_taken(struct rpc_call *call, struct writer *writer)
{
    const struct sock *sock = call->answer.map.of;
    const void *data;
    size_t length;
    int error = sock_read_ahead(sock, &data, &length);
    bool confirms = call->peer->confirms_descriptors;
    writer_map(writer, DESCRIBE_BRIEF_PAIRS + 4 + confirms);
    writer_text(writer, "data");
    writer_bin(writer, data, length);
    writer_text(writer, "errno");
    if (error < 0)
        writer_int(writer, -error);
    else
        writer_nil(writer);
    describe_briefly(writer, call->rpc, sock);
    put_address(writer, "address", sock, getsockname);
    put_address(writer, "peer", sock, getpeername);
    if (confirms) {
        writer_text(writer, "confirm");
        writer_bool(writer, true);
    }
    return 0;
}

/* Nothing happens to the socket before the answer is written: call_put_answer lends it then. */
int method_sockd_take(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    if (!call->peer->takes_descriptors)
        return call_fail(call, -EINVAL,
                         "sockd.take: say sockd.hello({fds: true}) first, and receive with "
                         "recvmsg(2): the descriptor comes with the answer");
    result = sock_may_lend(sock);
    if (result == -EBUSY)
        return call_fail(call, result,
                         "sockd.take: connections wait to be accepted again, or "
                         "output to be sent");
    call->answer.map.put = put_taken;
    call->answer.map.of = sock;
    return result;
}

int method_sockd_taken(struct rpc_call *call, const struct args *args)
{
    int64_t msgid = args->arg[0].integer;
    bool came = args->arg[1].kind != ARG_BOOLEAN || args->arg[1].boolean;
    int result = handovers_settle(&call->peer->handovers, (uint32_t)msgid, came);
    if (result < 0)
        return call_fail(call, result,
                         "sockd.taken: nothing that request %" PRId64 " has taken waits for this: "
                         "close its descriptor, for the socket is the daemon's",
                         msgid);
    return result;
}

/* ---- give ---- */

static int explain_descriptor(struct rpc_call *call, int error)
{
    if (error == -ENOENT)
        return call_fail(call, -EINVAL, "sockd.give: no descriptor came with the request");
    if (error == -E2BIG)
        return call_fail(call, -EINVAL, "sockd.give: several descriptors came with the request");
    return call_fail(call, error, "sockd.give: the daemon has no descriptor left to receive it");
}

int method_sockd_give(struct rpc_call *call, const struct args *args)
{
    (void)args;
    struct input *input = &call->peer->input;
    CLEANUP(closer_closep) int fd = input_take_descriptor(input, input->scan.size);
    if (fd < 0)
        return explain_descriptor(call, fd);
    const char *refused = access_to_given(&call->who, fd);
    if (refused)
        return call_refuse(call, -EPERM, "sockd.give: %s", refused);
    struct sock *sock;
    int result = sock_adopt(call->rpc->net, fd, call->who.uid, &sock);
    if (result < 0)
        return result;
    (void)STEAL_FD(fd); /* the socket's now */
    return method_announce(call, sock, NULL);
}
