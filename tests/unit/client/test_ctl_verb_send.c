/* send, write, syswrite: words, escapes, standard input in pieces. */
#include "peer.h"
#include "shell.h"

#include "protocol/view.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a daemon that takes everything has got. */
struct sink {
    char *data;
    size_t size;
    int requests;
    char method[32];
    int64_t flags;
    size_t fail_after; /* bytes; 0: never */
};

static void swallow(int fd, void *context)
{
    struct sink *sink = context;
    struct peer_request request;

    while (peer_receive(fd, &request)) {
        struct view *params = &request.message.params;
        const char *data;
        size_t size;
        int64_t handle;
        if (request.message.kind == MESSAGE_NOTIFICATION) { /* a cancel that comes too late */
            peer_request_free(&request);
            continue;
        }
        cr_assert(view_int(params, &handle) && view_bytes(params, &data, &size));
        view_int(params, &sink->flags);
        sink->data = realloc(sink->data, sink->size + size + 1);
        memcpy(sink->data + sink->size, data, size);
        sink->size += size;
        sink->requests++;
        snprintf(sink->method, sizeof sink->method, "%.*s", (int)request.message.method_size,
                 request.message.method);
        struct writer writer;
        writer_init_heap(&writer, 100);
        writer_uint(&writer, size);
        if (sink->fail_after && sink->size > sink->fail_after)
            peer_fail(fd, &request,
                      &(struct message_error){.number = EPIPE, .has_sent = true, .sent = 1});
        else
            peer_answer(fd, &request, writer.data, writer.size);
        writer_free_heap(&writer);
        peer_request_free(&request);
    }
}

static struct peer peer;
static struct sink sink;

static void start(void)
{
    peer_start(&peer, 1, swallow, &sink);
}

static void stop(void)
{
    peer_stop(&peer);
    free(sink.data);
}

TestSuite(ctl_verb_send, .init = start, .fini = stop);

static void went(const struct shell *shell, const char *out, const char *method, const char *data)
{
    cr_assert_eq(shell->status, 0, "%s", shell->err);
    cr_assert_str_eq(shell->out, out);
    cr_assert_str_eq(sink.method, method);
    cr_assert_eq(sink.size, strlen(data));
    cr_assert_eq(memcmp(sink.data, data, sink.size), 0);
}

Test(ctl_verb_send, send_sends_all_and_says_nothing)
{
    went(shell_run("send", "7", "hello\\n", NULL), "", "write", "hello\\n");
}

Test(ctl_verb_send, escapes_if_asked_for)
{
    went(shell_run("send", "-e", "7", "hello\\n", NULL), "", "write", "hello\n");
}

Test(ctl_verb_send, once_says_how_much)
{
    went(shell_run("send", "--once", "7", "hello", NULL), "5\n", "send", "hello");
}

Test(ctl_verb_send, flags_are_for_one_send)
{
    went(shell_run("send", "7", "hello", "64", NULL), "5\n", "send", "hello");
    cr_assert_eq(sink.flags, 64);
}

Test(ctl_verb_send, write_and_its_count)
{
    went(shell_run("write", "7", "hello", NULL), "5\n", "write", "hello");
}

Test(ctl_verb_send, syswrite_of_standard_input)
{
    shell_input("a\0b", 3);
    const struct shell *shell = shell_run("syswrite", "7", "-", "--json", NULL);
    cr_assert_str_eq(shell->out, "{\"sent\":3}\n");
    cr_assert(sink.size == 3 && memcmp(sink.data, "a\0b", 3) == 0);
    cr_assert_str_eq(sink.method, "syswrite");
}

static void check_stdin(size_t size, int least)
{
    char *data = malloc(size);

    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 7 + i / 251);
    shell_input(data, size);
    const struct shell *shell = shell_run("send", "7", "-", NULL);
    cr_assert_eq(shell->status, 0, "%s", shell->err);
    cr_assert_eq(sink.size, size);
    cr_assert_eq(memcmp(sink.data, data, size), 0);
    cr_assert_geq(sink.requests, least);
    free(data);
}

Test(ctl_verb_send, standard_input_goes_in_pieces)
{
    check_stdin(20 * 1024 * 1024 + 17, 20);
}

Test(ctl_verb_send, no_input_is_no_call)
{
    shell_input("", 0);
    cr_assert_eq(shell_run("send", "7", "-", NULL)->status, 0);
    cr_assert_eq(sink.requests, 0);
}

Test(ctl_verb_send, a_failure_tells_how_far_it_came)
{
    char *data = calloc(1, 3 << 20);

    sink.fail_after = 2 << 20;
    shell_input(data, 3 << 20);
    const struct shell *shell = shell_run("send", "7", "-", NULL);
    cr_assert_eq(shell->status, 1);
    cr_assert_str_eq(shell->err, "sockctl: send: EPIPE: Broken pipe (after 2097153 bytes)\n");
    free(data);
}

Test(ctl_verb_send, mistakes)
{
    cr_assert_eq(shell_run("send", "7", NULL)->status, 2);
    cr_assert_eq(shell_run("send", "-e", "7", "\\q", NULL)->status, 2);
    cr_assert_eq(sink.requests, 0);
}

/* Standard input that stays open: only the signal can end it. */
Test(ctl_verb_send, an_interrupt_ends_it)
{
    int ends[2], saved = dup(STDIN_FILENO);

    cr_assert_eq(pipe(ends), 0);
    dup2(ends[0], STDIN_FILENO);
    cr_assert_eq(write(ends[1], "hello", 5), 5);
    pid_t child = fork();
    if (child == 0) {
        int status = shell_run("send", "7", "-", NULL)->status;
        _exit(status);
    }
    while (__atomic_load_n(&sink.requests, __ATOMIC_SEQ_CST) == 0)
        sched_yield();
    int status = 0;
    /* The first answer may still be on its way; the signal finds the child waiting either way. */
    kill(child, SIGINT);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 130);
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(ends[0]);
    close(ends[1]);
}
