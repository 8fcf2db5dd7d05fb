/* How a client that breaks the protocol, or is gone, is parted from its calls; see peer.h. */
#include "protocol/message.h"
#include "rpc/call.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "util/error.h"

void peer_abandon_calls(struct peer *peer)
{
    for (struct list *link; (link = list_first(&peer->calls));)
        call_abandon(CONTAINER_OF(link, struct rpc_call, link));
}

struct log_about peer_about(const struct peer *peer)
{
    return (struct log_about){.has_uid = true, .uid = peer->who.uid, .pid = peer->who.pid};
}

void peer_reject(struct peer *peer, const uint32_t *msgid, int error, const char *reason)
{
    peer->rpc->bad_input++;
    peer->ending = peer->rejected = true;
    struct log_about about = peer_about(peer);
    log_write_about(LOG_WARN, &about, "control client%s%s (uid %u, pid %d) is cut off: %s",
                    peer->client[0] ? " " : "", peer->client, (unsigned)peer->who.uid,
                    (int)peer->who.pid, reason);
    peer_abandon_calls(peer);
    subscriptions_end(peer);
    struct message_error failure = {.number = -error, .text = reason, .refused = error == -EDQUOT};
    message_put_failure(output_begin(&peer->output), msgid, &failure);
    if (output_end(&peer->output) < 0)
        peer->broken = true;
}
