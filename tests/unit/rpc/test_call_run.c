/* Calls that the hooks carry out: each has one end, whoever brings it about. */
#include "fixture.h"

#include <string.h>
#include <unistd.h>

static struct fixture fixture;
static struct client *client;

/* The run that the hooks were given last. */
static struct {
    enum rpc_run_kind kind;
    uid_t owner;
    struct rpc_call *call;
    char text[64];
    uint8_t arguments[64];
    size_t size;
    int result;
    bool at_once;
    int cancelled;
} eval;

static int on_run(void *context, struct rpc_call *call, const struct rpc_run *run, void **running,
                  struct rpc_reason *reason)
{
    cr_assert_eq(context, &eval);
    eval.kind = run->kind;
    eval.owner = run->owner;
    snprintf(eval.text, sizeof eval.text, "%.*s", (int)run->text_size, run->text);
    cr_assert_leq(run->arguments_size, sizeof eval.arguments);
    memcpy(eval.arguments, run->arguments, run->arguments_size);
    eval.size = run->arguments_size;
    eval.call = call;
    *running = &eval;
    reason->refused = eval.result == -EDQUOT;
    if (eval.result < 0)
        snprintf(reason->text, sizeof reason->text, "line 1: wrong");
    else if (eval.at_once)
        rpc_call_return(call, "\x07", 1);
    return eval.result;
}

static void on_cancel(void *context, void *running)
{
    cr_assert_eq(context, &eval);
    cr_assert_eq(running, &eval);
    eval.cancelled++;
    eval.call = NULL;
}

static void start(void)
{
    struct rpc_hooks hooks = {.run = on_run, .run_cancel = on_cancel};
    fixture_start(&fixture, NULL, &hooks, &eval);
    client = client_new(&fixture);
}

static void stop(void)
{
    client_free(client);
    fixture_stop(&fixture);
}

Test(call_run, eval_gets_text_and_arguments_and_answers_later)
{
    int64_t number;
    start();
    uint32_t msgid = client_request(client, "sockd.eval", "sis", "return ...", (int64_t)5, "x");
    UNTIL(&fixture, eval.call);
    cr_assert_str_eq(eval.text, "return ...");
    cr_assert_eq(eval.size, 4);
    cr_assert_eq(memcmp(eval.arguments, "\x92\x05\xa1x", 4), 0);
    client_text(client, "pong", "sockd.ping", "");
    rpc_call_return(eval.call, "\x92\x01\x02", 3);
    struct message answer = client_answer(client, msgid);
    uint32_t count;
    cr_assert(view_array(&answer.result, &count) && count == 2);
    cr_assert(view_int(&answer.result, &number) && number == 1);
    msgid = client_request(client, "sockd.eval", "s", "error()");
    UNTIL(&fixture, strcmp(eval.text, "error()") == 0);
    cr_assert_eq(memcmp(eval.arguments, "\x90", 1), 0);
    rpc_call_fail(eval.call, -EINVAL, "went wrong, and more", 10);
    answer = client_answer(client, msgid);
    cr_assert_str_eq(error_name(&answer), "EINVAL");
    cr_assert_eq(eval.cancelled, 0);
    stop();
}

Test(call_run, eval_may_answer_at_once_or_not_begin)
{
    start();
    eval.at_once = true;
    cr_assert_eq(client_int(client, "sockd.eval", "s", "x"), 7);
    client_notify(client, "sockd.eval", "s", "silent");
    cr_assert_eq(client_int(client, "sockd.eval", "s", "x"), 7);
    eval.result = -EINVAL;
    client_fails(client, "EINVAL", "sockd.eval", "s", "x");
    cr_assert_eq(fixture_stats(&fixture).requests, 0);
    stop();
}

Test(call_run, what_is_no_value_or_too_deep_does_not_reach_the_client)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *error;
    } cases[] = {{"", 0, "EBADMSG"},
                 {"\x92\x01", 2, "EBADMSG"},
                 {"\x01\x02", 2, "EBADMSG"},
                 {"\xc1", 1, "EMSGSIZE"}};
    uint8_t deep[LIMIT_DEPTH + 1];
    start();
    for (size_t i = 0; i < 4; i++) {
        eval.call = NULL;
        uint32_t msgid = client_request(client, "sockd.eval", "s", "x");
        UNTIL(&fixture, eval.call);
        rpc_call_return(eval.call, cases[i].bytes, cases[i].size);
        struct message answer = client_answer(client, msgid);
        cr_assert_str_eq(error_name(&answer), cases[i].error);
    }
    memset(deep, 0x91, sizeof deep);
    deep[LIMIT_DEPTH - 1] = 1;
    uint32_t msgid = client_request(client, "sockd.eval", "s", "deep");
    UNTIL(&fixture, strcmp(eval.text, "deep") == 0);
    rpc_call_return(eval.call, deep, LIMIT_DEPTH);
    struct message answer = client_answer(client, msgid);
    cr_assert_str_eq(error_name(&answer), "");
    deep[LIMIT_DEPTH - 1] = 0x91;
    deep[LIMIT_DEPTH] = 1;
    msgid = client_request(client, "sockd.eval", "s", "deeper");
    UNTIL(&fixture, strcmp(eval.text, "deeper") == 0);
    rpc_call_return(eval.call, deep, LIMIT_DEPTH + 1);
    answer = client_answer(client, msgid);
    cr_assert_str_eq(error_name(&answer), "EMSGSIZE");
    stop();
}

Test(call_run, an_eval_that_nobody_waits_for_is_cancelled)
{
    start();
    uint32_t msgid = client_request(client, "sockd.eval", "s", "one");
    client_request(client, "sockd.cancel", "u", msgid);
    struct message answer = client_answer(client, msgid);
    cr_assert_str_eq(error_name(&answer), "ECANCELED");
    cr_assert(client_next(client, &answer));
    cr_assert_eq(eval.cancelled, 1);
    client_request(client, "sockd.eval", "s", "two");
    UNTIL(&fixture, strcmp(eval.text, "two") == 0);
    close(client->fd);
    client->fd = -1;
    UNTIL(&fixture, eval.cancelled == 2);
    stop();
}

Test(call_run, an_eval_by_notification_outlives_its_client)
{
    start();
    client_notify(client, "sockd.eval", "s", "on my own");
    UNTIL(&fixture, eval.call);
    close(client->fd);
    client->fd = -1;
    UNTIL(&fixture, fixture_stats(&fixture).clients == 0);
    cr_assert_eq(eval.cancelled, 0);
    cr_assert_eq(fixture_stats(&fixture).requests, 1);
    rpc_call_return(eval.call, "\xc0", 1);
    stop();
}

Test(call_run, the_end_of_the_server_cancels_evals)
{
    start();
    client_notify(client, "sockd.eval", "s", "endless");
    UNTIL(&fixture, eval.call);
    rpc_drain(fixture.rpc, 0, NULL, NULL);
    UNTIL(&fixture, eval.cancelled == 1);
    stop();
}

Test(call_run, a_call_is_for_anyone_and_on_its_callers_account)
{
    start();
    struct client *other = client_new_as(&fixture, 1001);
    eval.at_once = true;
    cr_assert_eq(client_int(other, "sockd.call", "si", "answer", (int64_t)5), 7);
    cr_assert_eq(eval.kind, RPC_RUN_CALL);
    cr_assert_eq(eval.owner, 1001);
    cr_assert_str_eq(eval.text, "answer");
    cr_assert_eq(memcmp(eval.arguments, "\x91\x05", 2), 0);
    eval.result = -EDQUOT;
    struct message answer = client_answer(other, client_request(other, "sockd.call", "s", "x"));
    cr_assert_str_eq(error_name(&answer), "EDQUOT");
    cr_assert(is_refused(&answer));
    client_free(other);
    stop();
}

Test(call_run, eval_is_for_administrators_and_needs_a_runtime)
{
    start();
    struct client *other = client_new_as(&fixture, 1001);
    struct message answer = client_answer(other, client_request(other, "sockd.eval", "s", "x"));
    cr_assert_str_eq(error_name(&answer), "EPERM");
    cr_assert(is_refused(&answer));
    client_free(other);
    stop();
    fixture_start(&fixture, NULL, NULL, NULL);
    client = client_new(&fixture);
    client_fails(client, "ENOSYS", "sockd.eval", "s", "x");
    stop();
}
