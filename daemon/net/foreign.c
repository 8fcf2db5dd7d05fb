/* See foreign.h. */
#include "net/foreign.h"

#include "net/net_private.h"
#include "util/log.h"

#include <fcntl.h>

/* For how long the owner's sockets are not asked again. */
#define FOREIGN_REST (60 * LOOP_SECOND)

/* Those who rest; the one whose rest ends first gives way when there are many. */
static struct net_offender *foreign_place(struct net *net, uid_t owner)
{
    struct net_offender *place = &net->offenders[0];
    for (size_t i = 0; i < NET_OFFENDERS; i++) {
        struct net_offender *other = &net->offenders[i];
        if (other->until != 0 && other->owner == owner)
            return other;
        if (other->until < place->until)
            place = other;
    }
    return place;
}

static bool foreign_rests(struct net *net, uid_t owner)
{
    const struct net_offender *place = foreign_place(net, owner);
    return place->until != 0 && place->owner == owner && place->until > loop_now();
}

int foreign_prepare(struct sock *sock)
{
    if (foreign_rests(sock->net, sock->owner))
        return -EBUSY;
    int flags = fcntl(sock->fd, F_GETFL);
    if (flags < 0 || (flags & O_NONBLOCK))
        return 0;
    return fcntl(sock->fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

void foreign_note(const struct sock *sock)
{
    struct net_offender *place = foreign_place(sock->net, sock->owner);
    *place = (struct net_offender){sock->owner, loop_now() + FOREIGN_REST};
    const struct log_about about = {.socket = sock->id, .has_uid = true, .uid = sock->owner};
    log_write_about(LOG_WARN, &about,
                    "socket %llu of uid %u was made to block by another process: its owner's "
                    "shared sockets rest for a minute",
                    (unsigned long long)sock->id, (unsigned)sock->owner);
}
