/* Calls made of others. */
#include "client/core.h"

#include "peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct sockd_client *client;
static struct peer peer;

static void open_to(peer_script script, void *context)
{
    peer_start(&peer, 1, script, context);
    cr_assert_eq(sockd_open(NULL, &client), 0);
}

static void end(void)
{
    sockd_disconnect(client);
    peer_stop(&peer);
}

Test(compose, a_name_is_found)
{
    struct peer_reply reply = PEER_REPLY("\x82\xa4name\xa1n\xa2id\x07");
    uint64_t id = 0;

    open_to(peer_reply, &reply);
    cr_assert_eq(sockd_find(client, "n", &id), 0);
    cr_assert_eq(id, 7);
    cr_assert_str_eq(reply.method, "sockd.info");
    cr_assert_str_eq(reply.params, "a16e");
    reply.result = "\x80";
    reply.size = 1;
    cr_assert_eq(sockd_find(client, "n", &id), -EPROTO);
    end();
}

Test(compose, a_name_that_is_nobodys)
{
    struct peer_reply reply = {.error = &(struct message_error){.number = EBADF}};
    uint64_t id;

    open_to(peer_reply, &reply);
    cr_assert_eq(sockd_find(client, "n", &id), -EBADF);
    end();
}

/* Writes that are taken up to a limit; what was taken is kept. */
struct sink {
    char *data;
    size_t size, limit;
    int writes;
};

static void take_write(int fd, void *context)
{
    struct sink *sink = context;
    struct peer_request request;
    const char *data;
    int64_t handle;
    size_t size;

    while (peer_receive(fd, &request)) {
        cr_assert(peer_is(&request, "write"));
        cr_assert(view_int(&request.message.params, &handle));
        cr_assert(view_bytes(&request.message.params, &data, &size));
        bool fails = sink->size + size > sink->limit;
        if (fails)
            size = sink->limit - sink->size;
        memcpy(sink->data + sink->size, data, size);
        sink->size += size;
        sink->writes++;
        char count[5] = {'\xce', (char)(size >> 24), (char)(size >> 16), (char)(size >> 8),
                         (char)size};
        if (fails)
            peer_fail(fd, &request,
                      &(struct message_error){.number = EPIPE, .has_sent = true, .sent = size});
        else
            peer_answer(fd, &request, count, sizeof count);
        peer_request_free(&request);
    }
}

enum { SIZE = 2500000 };

Test(compose, much_is_written_in_pieces)
{
    struct sink sink = {.data = malloc(SIZE), .limit = SIZE};
    char *data = malloc(SIZE);
    size_t sent = 0;

    for (size_t i = 0; i < SIZE; i++)
        data[i] = (char)(i * 7 + i / 1000);
    open_to(take_write, &sink);
    cr_assert_eq(sockd_write_all(client, 7, data, SIZE, 10, &sent), 0);
    cr_assert(sent == SIZE && sink.size == SIZE && sink.writes == 3);
    cr_assert_eq(memcmp(data, sink.data, SIZE), 0);
    cr_assert_eq(sockd_write_all(client, 7, NULL, 0, SOCKD_FOREVER, &sent), 0);
    cr_assert(sent == 0 && sink.writes == 4);
    end();
    free(data);
    free(sink.data);
}

Test(compose, what_went_out_before_a_failure_is_known)
{
    struct sink sink = {.data = malloc(SIZE), .limit = 1500000};
    char *data = calloc(1, SIZE);
    size_t sent = 0;

    open_to(take_write, &sink);
    cr_assert_eq(sockd_write_all(client, 7, data, SIZE, SOCKD_FOREVER, &sent), -EPIPE);
    cr_assert_eq(sent, 1500000);
    end();
    free(data);
    free(sink.data);
}
