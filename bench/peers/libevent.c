/*
 * A peer: the same servers on libevent's bufferevents, as its manual shows them.
 *
 *   sockd-bench-libevent echo|bulk|lines|once ADDRESS
 */
#include "bench.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BULK_PIECE = 256 << 10 };

static bufferevent_data_cb on_readable;
static bool in_bulk;

static void on_echo(struct bufferevent *connection, void *context)
{
    (void)context;
    bufferevent_write_buffer(connection, bufferevent_get_input(connection));
}

static void write_line(struct bufferevent *connection, char *line, size_t length)
{
    struct evbuffer *output = bufferevent_get_output(connection);
    evbuffer_add(output, line, length);
    evbuffer_add(output, "\n", 1);
    free(line);
}

static void on_lines(struct bufferevent *connection, void *context)
{
    struct evbuffer *input = bufferevent_get_input(connection);
    size_t length;
    char *line;
    (void)context;
    while ((line = evbuffer_readln(input, &length, EVBUFFER_EOL_LF)) != NULL)
        write_line(connection, line, length);
}

static void on_event(struct bufferevent *connection, short events, void *context)
{
    (void)context;
    if (events & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        bufferevent_free(connection);
}

static void on_sent(struct bufferevent *connection, void *context)
{
    (void)context;
    bufferevent_free(connection);
}

static void on_once(struct bufferevent *connection, void *context)
{
    struct evbuffer *input = bufferevent_get_input(connection);
    size_t length;
    char *line = evbuffer_readln(input, &length, EVBUFFER_EOL_LF);
    (void)context;
    if (line == NULL)
        return;
    write_line(connection, line, length);
    bufferevent_setcb(connection, NULL, on_sent, on_event, NULL);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                      int length, void *context)
{
    (void)from, (void)length, (void)context;
    struct event_base *base = evconnlistener_get_base(listener);
    struct bufferevent *connection = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (connection == NULL)
        fail(0, "bufferevent_socket_new");
    socket_no_delay(fd);
    if (in_bulk) {
        bufferevent_set_max_single_read(connection, BULK_PIECE);
        bufferevent_set_max_single_write(connection, BULK_PIECE);
    }
    bufferevent_setcb(connection, on_readable, NULL, on_event, NULL);
    bufferevent_enable(connection, EV_READ | EV_WRITE);
}

int main(int argc, char **argv)
{
    struct endpoint endpoint;
    if (argc != 3)
        fail(0, "usage: sockd-bench-libevent echo|bulk|lines|once ADDRESS");
    in_bulk = strcmp(argv[1], "bulk") == 0;
    on_readable = strcmp(argv[1], "lines") == 0  ? on_lines
                  : strcmp(argv[1], "once") == 0 ? on_once
                                                 : on_echo;
    endpoint_parse(&endpoint, argv[2]);
    signal(SIGPIPE, SIG_IGN);
    struct event_base *base = event_base_new();
    struct evconnlistener *listener = evconnlistener_new(
        base, on_accept, NULL, LEV_OPT_CLOSE_ON_FREE, 0, endpoint_listen(&endpoint));
    if (listener == NULL)
        fail(0, "evconnlistener_new");
    event_base_dispatch(base);
    return EXIT_SUCCESS;
}
