/*
 * SO_LINGER above 0 lives in the daemon alone. In the kernel it would make close(2) wait for the
 * peer, also on a socket that does not block, and the loop with it; what the kernel does with the
 * bytes afterwards is the same without it. So the socket remembers it, answers it, hands it to what
 * it accepts, and puts it back when the descriptor leaves. (Of 0 seconds, which resets the
 * connection, the kernel takes care.)
 *
 * For the files of this folder only.
 */
#pragma once

struct sock;

/* Takes it off the descriptor and remembers it, if it is set there. -ENOMEM. */
int linger_hide(struct sock *sock);

/* The descriptor is about to leave: puts it back. */
void linger_show(const struct sock *sock, int fd);

/* What is accepted has what the listener has. -ENOMEM. */
int linger_inherit(struct sock *connection, const struct sock *listener);
