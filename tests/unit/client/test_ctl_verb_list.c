/* ls: a table of sockets. */
#include "peer.h"
#include "protocol/writer.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

static void put_socket(struct writer *writer, int64_t id, const char *domain, const char *type,
                       const char *name)
{
    writer_map(writer, 10);
    writer_text(writer, "id");
    writer_int(writer, id);
    writer_text(writer, "domain");
    writer_text(writer, domain);
    writer_text(writer, "type");
    writer_text(writer, type);
    writer_text(writer, "name");
    writer_text(writer, name);
    writer_text(writer, "state");
    writer_text(writer, "ESTAB");
    writer_text(writer, "owner");
    writer_int(writer, name ? 0 : 4000000000);
    writer_text(writer, "address");
    writer_text(writer, "127.0.0.1:5000");
    writer_text(writer, "peer");
    writer_nil(writer);
    writer_text(writer, "read_ahead");
    writer_int(writer, 17);
    writer_text(writer, "used");
    writer_int(writer, time(NULL) - 60);
}

Test(ctl_verb_list, a_table)
{
    static const char *const kinds[][3] = {
        {"AF_INET", "SOCK_STREAM", "tcp"},      {"AF_INET6", "SOCK_DGRAM", "udp"},
        {"AF_UNIX", "SOCK_STREAM", "u_str"},    {"AF_UNIX", "SOCK_DGRAM", "u_dgr"},
        {"AF_UNIX", "SOCK_SEQPACKET", "u_seq"}, {"AF_INET", "SOCK_RAW", "raw"},
    };
    struct writer writer;
    struct peer peer;

    writer_init_heap(&writer, SIZE_MAX);
    writer_array(&writer, 6);
    for (int i = 0; i < 6; i++)
        put_socket(&writer, 7 + i, kinds[i][0], kinds[i][1], i ? NULL : "web");
    struct peer_reply reply = {.result = writer.data, .size = writer.size};
    peer_start(&peer, 2, peer_reply, &reply);
    const struct shell *shell = shell_run("ls", NULL);
    cr_assert_eq(shell->status, 0);
    for (int i = 0; i < 6; i++)
        cr_assert_not_null(strstr(shell->out, kinds[i][2]));
    cr_assert_not_null(strstr(shell->out, "127.0.0.1:5000"));
    cr_assert_not_null(strstr(shell->out, "root"));
    cr_assert_not_null(strstr(shell->out, "4000000000"));
    cr_assert_not_null(strstr(shell->out, "Local Address:Port"));
    cr_assert(strstr(shell->out, "60s\n") || strstr(shell->out, "61s\n"));
    shell = shell_run("ls", "{\"owner\":0}", "--json", NULL);
    cr_assert_eq(strncmp(shell->out, "{\"id\":7,", 8), 0);
    peer_stop(&peer);
    cr_assert_str_eq(reply.method, "sockd.list");
    cr_assert_str_eq(reply.params, "81a56f776e657200");
    writer_free_heap(&writer);
}

Test(ctl_verb_list, what_the_daemon_leaves_out)
{
    struct peer peer;
    struct peer_reply reply = PEER_REPLY("\x91\x80");

    peer_start(&peer, 1, peer_reply, &reply);
    cr_assert_eq(shell_run("ls", NULL)->status, 0);
    peer_stop(&peer);
}
