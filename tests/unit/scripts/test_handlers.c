/* What the control server asks of Lua. The server's own half is played by the two functions that
 * take the outcome of an eval. */
#include "lua_fixture.h"

#include "net/address.h"
#include "rpc/hooks.h"
#include "scripts/hooks.h"

#include <msgpack.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(handlers, .init = fixture_up, .fini = fixture_down);

/* ---- listeners ---- */

static struct rpc_reason reason;
static struct sock *listener;

static int serve(const char *text, bool source)
{
    struct address address;
    struct rpc_handler handler = {
        .text = text, .text_size = strlen(text), .source = source, .owner = geteuid()};
    cr_assert_eq(address_parse(&address, AF_INET, "127.0.0.1", "0"), 0);
    cr_assert_eq(sock_new_listener(net, &address, 0, geteuid(), &listener), 0);
    int result = runtime_hooks.serve(runtime, listener, &handler, &reason);
    if (result < 0)
        sock_close(listener);
    return result;
}

static char answer[64];
static int client = -1;

static bool has_answer(void)
{
    ssize_t got = recv(client, answer, sizeof answer - 1, MSG_DONTWAIT | MSG_PEEK);
    char byte;
    if (got >= 0)
        answer[got] = '\0';
    /* The end: no more bytes behind those. */
    return got == 0 ||
           (got > 0 && recv(client, &byte, 0, MSG_DONTWAIT) == 0 && strchr(answer, '.') != NULL);
}

/* What the listener's handler says, up to a full stop or the end. */
static const char *ask(void)
{
    struct address address;
    cr_assert_eq(sock_name(listener, &address), 0);
    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(client, &address.any, address.length), 0);
    fixture_run_until(has_answer);
    close(client);
    return answer;
}

static bool is_idle(void)
{
    return runtime_busy(runtime) == 0;
}

static void end_serving(void)
{
    sock_close(listener);
    sock_unref(listener);
    fixture_run_until(is_idle);
}

Test(handlers, by_name)
{
    cr_assert_str_eq(fixture_load(fixture_file(
                         "a.lua", "function hello(c) c:write('hello.') end "
                                  "http = {v1 = {serve = function(c) c:write('deep.') end},"
                                  " both = {handler = function(c) c:write('table.') end}}")),
                     "");
    cr_assert_eq(serve("hello", false), 0);
    cr_assert_str_eq(runtime_hooks.handler_name(runtime, listener), "hello");
    cr_assert_str_eq(ask(), "hello.");
    end_serving();
    cr_assert_eq(serve("http.v1.serve", false), 0);
    cr_assert_str_eq(ask(), "deep.");
    end_serving();
    cr_assert_eq(serve("http.both", false), 0);
    cr_assert_str_eq(ask(), "table.");
    end_serving();
}

Test(handlers, only_what_scripts_defined_themselves)
{
    cr_assert_str_eq(fixture_load(fixture_file("a.lua", "number = 5 nested = {}")), "");
    static const struct {
        const char *name;
        int error;
    } cases[] = {
        {"os.execute", -EPERM},   {"print", -EPERM},   {"none", -ENOENT},
        {"nested.none", -ENOENT}, {"number", -EINVAL}, {"nested", -EINVAL},
        {"number.none", -ENOENT}, {"", -ENOENT},       {".", -ENOENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(serve(cases[i].name, false), cases[i].error, "%s", cases[i].name);
        sock_unref(listener);
    }
    cr_assert_eq(runtime_busy(runtime), 0);
}

Test(handlers, text_that_is_an_expression)
{
    cr_assert_eq(serve("function(c, from) c:write('from ' .. from.host) c:write('!.') end", true),
                 0);
    cr_assert_str_eq(runtime_hooks.handler_name(runtime, listener), "source");
    cr_assert_str_eq(ask(), "from 127.0.0.1!.");
    end_serving();
    cr_assert_eq(serve("{handler = function(c) c:write('table.') end}", true), 0);
    cr_assert_str_eq(ask(), "table.");
    end_serving();
}

Test(handlers, text_that_returns_the_handler_runs_once)
{
    cr_assert_eq(serve("local count = 0 return function(c) count = count + 1 "
                       "c:write(count .. '.') end",
                       true),
                 0);
    cr_assert_str_eq(ask(), "1.");
    cr_assert_str_eq(ask(), "2.");
    end_serving();
}

Test(handlers, text_that_is_the_body)
{
    cr_assert_eq(serve("local c, from = ... c:write('body ' .. from.family .. '.')", true), 0);
    cr_assert_str_eq(ask(), "body AF_INET.");
    cr_assert_str_eq(ask(), "body AF_INET.");
    end_serving();
}

Test(handlers, text_that_does_not_compile)
{
    cr_assert_eq(serve("this is no Lua", true), -EINVAL);
    cr_assert_not_null(strstr(reason.text, "handler:1:"));
    sock_unref(listener);
    cr_assert_eq(serve("\033LJ\002", true), -EINVAL, "nor bytecode");
    sock_unref(listener);
}

/* ---- evals ---- */

static int calls, call_error;
static char call_text[2048];
static msgpack_sbuffer call_value;

void rpc_call_return(struct rpc_call *call, const void *value, size_t size)
{
    cr_assert_eq((void *)call, &calls);
    calls++;
    call_error = 0;
    msgpack_sbuffer_clear(&call_value);
    msgpack_sbuffer_write(&call_value, value, size);
}

void rpc_call_fail(struct rpc_call *call, int error, const char *text, size_t size)
{
    cr_assert_eq((void *)call, &calls);
    calls++;
    call_error = error;
    snprintf(call_text, sizeof call_text, "%.*s", (int)size, text != NULL ? text : "");
}

static void *running;

static int eval_with(const char *text, const char *arguments, size_t size)
{
    calls = 0;
    struct rpc_run run = {RPC_RUN_EVAL, text, strlen(text), arguments, size, geteuid()};
    return runtime_hooks.run(runtime, (struct rpc_call *)&calls, &run, &running, &reason);
}

static bool is_called(void)
{
    return calls > 0;
}

/* The bytes of the value, in hexadecimal. */
static const char *eval(const char *text)
{
    static char hex[256];
    cr_assert_eq(eval_with(text, "\x90", 1), 0, "%s", reason.text);
    fixture_run_until(is_called);
    cr_assert_eq(calls, 1);
    cr_assert_eq(call_error, 0, "%s", call_text);
    for (size_t i = 0; i < call_value.size && i < 100; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned char)call_value.data[i]);
    msgpack_sbuffer_destroy(&call_value);
    msgpack_sbuffer_init(&call_value);
    return hex;
}

Test(handlers, an_eval_returns_its_results)
{
    cr_assert_str_eq(eval("return 5"), "05");
    cr_assert_str_eq(eval("return 1, 'x', nil"), "9301a178c0");
    cr_assert_str_eq(eval(""), "c0");
    cr_assert_str_eq(eval("require('fiber').sleep(0.001) return true"), "c3");
}

Test(handlers, an_eval_takes_arguments)
{
    cr_assert_eq(eval_with("local a, b = ... return b, a, select('#', ...)", "\x92\x01\xa1x", 4),
                 0);
    fixture_run_until(is_called);
    cr_assert_arr_eq(call_value.data, "\x93\xa1x\x01\x02", 5);
    msgpack_sbuffer_destroy(&call_value);
    cr_assert_eq(eval_with("return 1", "\xa1x", 2), -EINVAL, "no array");
}

Test(handlers, evals_share_globals_and_see_those_of_scripts)
{
    cr_assert_str_eq(fixture_load(fixture_file("a.lua", "defined = 7")), "");
    cr_assert_str_eq(eval("mine = 5"), "c0");
    cr_assert_str_eq(eval("return mine, defined, type(print), _G.mine"),
                     "940507a866756e6374696f6ec0");
    cr_assert_str_eq(fixture_load(fixture_file("b.lua", "assert(mine == nil)")), "");
}

Test(handlers, an_eval_fails_with_its_traceback)
{
    cr_assert_eq(eval_with("local function deep() error('boom') end deep()", "\x90", 1), 0);
    fixture_run_until(is_called);
    cr_assert_eq(call_error, -EREMOTEIO);
    cr_assert_not_null(strstr(call_text, "eval:1: boom"));
    cr_assert_not_null(strstr(call_text, "in function 'deep'"));
    cr_assert_eq(eval_with("this is no Lua", "\x90", 1), -EINVAL);
    cr_assert_not_null(strstr(reason.text, "eval:1:"));
}

Test(handlers, an_eval_whose_results_cannot_be_sent)
{
    cr_assert_eq(eval_with("return print", "\x90", 1), 0);
    fixture_run_until(is_called);
    cr_assert_eq(call_error, -EINVAL);
    cr_assert_str_eq(call_text, "a function cannot be sent");
}

Test(handlers, a_cancelled_eval_answers_nobody)
{
    cr_assert_eq(eval_with("require('fiber').sleep(100)", "\x90", 1), 0);
    runtime_hooks.run_cancel(runtime, running);
    fixture_run_until(is_idle);
    cr_assert_eq(calls, 0);
    cr_assert_eq(eval_with("return 5", "\x90", 1), 0);
    runtime_hooks.run_cancel(runtime, running);
    fixture_run_until(is_idle);
    cr_assert_eq(calls, 0);
}

Test(handlers, a_socket_in_a_result_lives_on)
{
    char wanted[16];
    cr_assert_str_eq(eval("local s = require('socket')('AF_INET', 'SOCK_STREAM', 'tcp')"
                          "return s"),
                     "01");
    struct sock *sock = net_find(net, 1);
    cr_assert_not_null(sock);
    snprintf(wanted, sizeof wanted, "%s", eval("collectgarbage() collectgarbage() return 1"));
    cr_assert_eq(net_find(net, 1), sock);
    sock_close(sock);
}

Test(handlers, a_call_of_what_a_script_defined)
{
    static const struct {
        const char *name;
        int error;
        bool refused;
    } cases[] = {
        {"os.execute", -EPERM, true}, {"none", -ENOENT, false}, {"number", -EINVAL, false}};
    struct rpc_run run = {RPC_RUN_CALL, "math.add", 8, "\x92\x01\x02", 3, 1234};
    cr_assert_str_eq(fixture_load(fixture_file("a.lua", "number = 5 math = {add = function(a, b)"
                                                        " return a + b, 'x' end}")),
                     "");
    calls = 0;
    cr_assert_eq(runtime_hooks.run(runtime, (struct rpc_call *)&calls, &run, &running, &reason), 0);
    fixture_run_until(is_called);
    cr_assert_arr_eq(call_value.data, "\x92\x03\xa1x", 4);
    msgpack_sbuffer_destroy(&call_value);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run.text = cases[i].name;
        run.text_size = strlen(cases[i].name);
        reason = (struct rpc_reason){.text = ""};
        cr_assert_eq(runtime_hooks.run(runtime, (struct rpc_call *)&calls, &run, &running, &reason),
                     cases[i].error, "%s", cases[i].name);
        cr_assert_eq(reason.refused, cases[i].refused);
    }
}
