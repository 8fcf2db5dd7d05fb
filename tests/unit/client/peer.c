/* A daemon's stand-in. See peer.h. */
#include "peer.h"

#include "harness/harness.h"
#include "protocol/scan.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *play(void *argument)
{
    struct peer *peer = argument;

    for (int i = 0; i < peer->connections; i++) {
        int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            break;
        peer->script(fd, peer->context);
        close(fd);
    }
    return NULL;
}

void peer_start(struct peer *peer, int connections, peer_script script, void *context)
{
    cr_assert_eq(harness_tempdir_new(peer->folder, sizeof peer->folder), 0);
    snprintf(peer->path, sizeof peer->path, "%s/sock", peer->folder);
    struct sockaddr_un address = harness_unix_address(peer->path);
    peer->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(peer->listener, 0);
    cr_assert_eq(bind(peer->listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(peer->listener, 10), 0);
    setenv("SOCKD_SOCKET", peer->path, 1);
    peer->connections = connections;
    peer->script = script;
    peer->context = context;
    cr_assert_eq(pthread_create(&peer->thread, NULL, play, peer), 0);
}

void peer_stop(struct peer *peer)
{
    /* Wakes an accept for a client that never came. */
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    cr_assert_eq(harness_tempdir_free(peer->folder), 0);
}

bool peer_receive(int fd, struct peer_request *request)
{
    struct scan scan;
    size_t size = 0, room = 1 << 16;
    enum scan_verdict verdict = SCAN_MORE;

    request->bytes = malloc(room);
    scan_init(&scan, &scan_default_limits);
    while (verdict == SCAN_MORE) {
        size_t more = scan.need > size ? scan.need - size : 1;
        if (size + more > room)
            request->bytes = realloc(request->bytes, room = size + more);
        ssize_t count = recv(fd, request->bytes + size, more, 0);
        if (count <= 0) {
            peer_request_free(request);
            return false;
        }
        size += (size_t)count;
        verdict = scan_step(&scan, request->bytes, size);
    }
    return verdict == SCAN_WHOLE && message_parse(&request->message, request->bytes, size) == 0;
}

void peer_request_free(struct peer_request *request)
{
    free(request->bytes);
    request->bytes = NULL;
}

bool peer_is(const struct peer_request *request, const char *method)
{
    return request->message.method_size == strlen(method) &&
           memcmp(request->message.method, method, strlen(method)) == 0;
}

const char *peer_params(const struct peer_request *request)
{
    static char text[4096];
    const struct view *params = &request->message.params;
    size_t size = view_left(params);

    text[0] = 0;
    for (size_t i = 0; i < size && i < sizeof text / 2 - 1; i++)
        snprintf(text + 2 * i, 3, "%02x", params->at[i]);
    return text;
}

void peer_send(int fd, const void *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = send(fd, bytes, size, MSG_NOSIGNAL);
        if (count <= 0)
            return;
        bytes = (const char *)bytes + count;
        size -= (size_t)count;
    }
}

void peer_answer(int fd, const struct peer_request *request, const void *result, size_t size)
{
    struct writer writer;

    writer_init_heap(&writer, SIZE_MAX);
    message_put_answer(&writer, request->message.msgid);
    writer_raw(&writer, result, size);
    peer_send(fd, writer.data, writer.size);
    writer_free_heap(&writer);
}

void peer_fail(int fd, const struct peer_request *request, const struct message_error *error)
{
    struct writer writer;

    writer_init_heap(&writer, SIZE_MAX);
    message_put_failure(&writer, &request->message.msgid, error);
    peer_send(fd, writer.data, writer.size);
    writer_free_heap(&writer);
}

void peer_reply(int fd, void *argument)
{
    struct peer_reply *reply = argument;
    struct peer_request request;

    while (peer_receive(fd, &request)) {
        reply->requests++;
        snprintf(reply->method, sizeof reply->method, "%.*s", (int)request.message.method_size,
                 request.message.method);
        snprintf(reply->params, sizeof reply->params, "%s", peer_params(&request));
        if (reply->error)
            peer_fail(fd, &request, reply->error);
        else
            peer_answer(fd, &request, reply->result, reply->size);
        peer_request_free(&request);
    }
}
