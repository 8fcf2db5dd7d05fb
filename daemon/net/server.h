/*
 * An accept loop: every connection that arrives at a listener goes to a callback, until the
 * listener closes. Out of descriptors it rests until one is free again.
 */
#pragma once

struct server;
struct sock;
struct address;

struct server_callbacks {
    /* The callee owns the reference. */
    void (*connection)(void *context, struct sock *connection, const struct address *from);
    /* The listener is closed; the server frees itself afterwards. */
    void (*closed)(void *context);
};

/* Holds a reference to the listener until it closes. -ENOMEM. */
int server_start(struct sock *listener, const struct server_callbacks *callbacks, void *context,
                 struct server **out);

/* Accepts no more until server_resume, or until the listener closes. For the `connection` callback,
 * which may have given the connection back to the listener (sock_unaccept). */
void server_pause(struct server *server);
void server_resume(struct server *server);

/* Ends the loop without closing the listener; `closed` is not called. */
void server_stop(struct server *server);
