/* api: the table that the daemon itself tells. */
#include "peer.h"
#include "protocol/api.h"
#include "protocol/methods.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <string.h>

Test(ctl_verb_api, lists_the_methods)
{
    struct writer writer;
    struct peer peer;

    writer_init_heap(&writer, SIZE_MAX);
    api_put(&writer);
    struct peer_reply reply = {.result = writer.data, .size = writer.size};
    peer_start(&peer, 2, peer_reply, &reply);
    const struct shell *shell = shell_run("api", NULL);
    cr_assert_eq(shell->status, 0);
    cr_assert_not_null(
        strstr(shell->out, "tcp_connect(host, [port], [timeout]) -> id\n    Connects"));
    for (int id = 0; id < METHOD_COUNT; id++)
        cr_assert_not_null(strstr(shell->out, methods[id].doc));
    shell = shell_run("--json", "api", NULL);
    cr_assert_eq(shell->status, 0);
    cr_assert_eq(strncmp(shell->out, "{\"level\":1,", 11), 0);
    cr_assert_eq(shell_run("api", "more", NULL)->status, 2);
    peer_stop(&peer);
    cr_assert_str_eq(reply.method, "sockd.api");
    writer_free_heap(&writer);
}

Test(ctl_verb_api, what_lacks_its_members_is_survived)
{
    struct peer peer;
    struct peer_reply reply = PEER_REPLY("\x81\xa7methods\x92\xc0\x81\xa4name\x01");

    peer_start(&peer, 1, peer_reply, &reply);
    cr_assert_eq(shell_run("api", NULL)->status, 0);
    peer_stop(&peer);
}
