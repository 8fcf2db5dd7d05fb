/*
 * What the tests of the net layer share. See net_fixture.h.
 */
#include "net_fixture.h"

#include "harness/harness.h"

#include <math.h>
#include <netdb.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define PATIENCE (30 * LOOP_SECOND)

struct loop *loop;
struct net *net;

static int fds;
static char folder[128];
static unsigned ended; /* operations */

static void memory_free_all(void);

/* ---- life ---- */

void fixture_up(void)
{
    fds = harness_fd_count();
    ended = 0;
    folder[0] = '\0';
    cr_assert_eq(loop_new(&loop), 0);
    cr_assert_eq(net_new(&net, loop, NULL), 0);
}

void fixture_configure(const struct net_config *config)
{
    net_free(net);
    cr_assert_eq(net_new(&net, loop, config), 0);
}

/* Threads that still look something up may hold descriptors for a while. */
static bool fds_are_back(void)
{
    uint64_t deadline = loop_now() + PATIENCE;
    while (harness_fd_count() != fds && loop_now() < deadline)
        sched_yield();
    return harness_fd_count() == fds;
}

void fixture_down(void)
{
    fixture_run_rounds(3);
    struct net_stats stats = fixture_stats();
    cr_expect_eq(stats.sockets, 0, "%zu sockets are left", stats.sockets);
    cr_expect_eq(stats.operations, 0, "%zu operations are left", stats.operations);
    cr_expect_eq(stats.bytes, 0, "%zu bytes are left", stats.bytes);
    net_free(net);
    size_t busy = loop_busy(loop);
    cr_expect_eq(busy, 0, "%zu things are left in the loop", busy);
    if (busy == 0)
        loop_free(loop);
    if (folder[0] != '\0')
        cr_expect_eq(harness_tempdir_free(folder), 0, "something is left in the folder");
    memory_free_all();
    cr_expect(fds_are_back(), "%d descriptors are left", harness_fd_count() - fds);
}

const char *fixture_path(const char *name)
{
    static char paths[4][160];
    static unsigned turn;
    if (folder[0] == '\0')
        cr_assert_eq(harness_tempdir_new(folder, sizeof folder), 0);
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* ---- running ---- */

/* How long the loop may run before the condition is looked at again; the end of an operation stops
 * it at once. */
#define SLICE (LOOP_SECOND / 1000)

static void slice_is_over(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

void fixture_run_until(fixture_condition *holds, void *context)
{
    uint64_t deadline = loop_now() + PATIENCE;
    struct loop_timer slice = {0};
    while (!holds(context)) {
        cr_assert_lt(loop_now(), deadline, "it did not come in time");
        cr_assert_eq(loop_timer_start(loop, &slice, loop_now() + SLICE, slice_is_over), 0);
        cr_assert_eq(loop_run(loop), 0);
        loop_timer_stop(loop, &slice);
    }
}

struct rounds {
    struct loop_task task;
    unsigned left;
};

static void one_round(struct loop_task *task)
{
    struct rounds *rounds = CONTAINER_OF(task, struct rounds, task);
    if (rounds->left-- > 0)
        loop_defer(loop, task);
    else
        loop_stop(loop);
}

void fixture_run_rounds(unsigned count)
{
    struct rounds rounds = {.left = count};
    loop_task_init(&rounds.task, one_round);
    loop_defer(loop, &rounds.task);
    while (list_linked(&rounds.task.link)) /* others may stop the loop too */
        cr_assert_eq(loop_run(loop), 0);
}

struct net_stats fixture_stats(void)
{
    struct net_stats stats;
    net_stats(net, &stats);
    return stats;
}

/* ---- operations ---- */

static bool inside; /* a call from which nobody may be called back */

static bool inside_enter(void)
{
    bool before = inside;
    inside = true;
    return before;
}

static void act_take_in(struct act *act)
{
    struct op *op = &act->op;
    act->bytes = fixture_memory(op->in.length + 1);
    if (op->in.length > 0)
        memcpy(act->bytes, op->in.data, op->in.length);
    act->length = op->in.length;
    act->eof = op->eof;
    const struct address *from = op_sender(op);
    if (from != NULL)
        act->from = *from;
    if (!act->decline)
        op_consume(op);
}

static void act_take_made(struct act *act)
{
    if (act->op.class->queue == OP_QUEUE_READ)
        act->from = *act->op.made.from;
    if (!act->decline)
        act->sock = op_take_sock(&act->op);
}

static void act_take_found(struct act *act)
{
    for (const struct addrinfo *entry = act->op.found.list; entry != NULL; entry = entry->ai_next) {
        if (act->found == 0)
            address_set(&act->from, entry->ai_addr, entry->ai_addrlen);
        act->found++;
    }
}

static void act_take(struct act *act)
{
    if (act->kind == ACT_IN)
        act_take_in(act);
    else if (act->kind == ACT_READY)
        act->ready = act->op.ready.got;
    else if (act->kind == ACT_MADE)
        act_take_made(act);
    else if (act->kind == ACT_FOUND)
        act_take_found(act);
}

static void act_note(struct act *act)
{
    cr_assert_not(act->ended, "it ended twice");
    act->ended = true;
    act->order = ++ended;
    act->status = act->op.status;
    if (act->kind == ACT_OUT)
        act->length = act->op.out.sent; /* after failures too */
    if (act->status == 0)
        act_take(act);
    op_finish(&act->op);
}

static void act_on_done(struct op *op)
{
    struct act *act = CONTAINER_OF(op, struct act, op);
    cr_assert_not(inside, "`done` came from within a call");
    act->calls++;
    act_note(act);
    if (!act->go_on)
        loop_stop(loop);
    if (act->then != NULL)
        act->then(act);
}

int act_start(struct act *act, double timeout)
{
    uint64_t deadline = isinf(timeout) ? LOOP_NEVER : loop_deadline(timeout);
    bool before = inside_enter();
    int result = op_start(&act->op, deadline, act_on_done);
    inside = before;
    cr_assert(result == OP_DONE || result == OP_WAIT);
    if (result == OP_DONE)
        act_note(act);
    return result;
}

static bool act_has_ended(void *context)
{
    return ((struct act *)context)->ended;
}

int act_end(struct act *act)
{
    fixture_run_until(act_has_ended, act);
    return act->status;
}

int act_run(struct act *act, double timeout)
{
    act_start(act, timeout);
    return act_end(act);
}

void act_abort(struct act *act)
{
    bool before = inside_enter();
    op_abort(&act->op);
    inside = before;
    act->ended = true; /* whoever tells it of an end after this fails */
}

void act_cancel(struct act *act, int error)
{
    bool before = inside_enter();
    op_cancel(&act->op, error);
    inside = before;
}

int fixture_close(struct sock *sock)
{
    bool before = inside_enter();
    int result = sock_close(sock);
    inside = before;
    return result;
}

static void act_init(struct act *act, enum act_kind kind)
{
    *act = (struct act){.kind = kind};
}

void act_read_any(struct act *act, struct sock *sock, size_t limit, const char *const *texts)
{
    act_init(act, ACT_IN);
    struct read_what what = {.limit = limit, .delimiters = act->delimiters};
    for (; texts != NULL && texts[what.delimiter_count] != NULL; what.delimiter_count++) {
        const char *text = texts[what.delimiter_count];
        act->delimiters[what.delimiter_count] = (struct slice){text, strlen(text)};
    }
    op_read(&act->op, sock, &what);
}

void act_read(struct act *act, struct sock *sock, size_t limit, const char *delimiter)
{
    act_read_any(act, sock, limit, (const char *const[]){delimiter, NULL});
}

void act_recv(struct act *act, struct sock *sock, size_t size, int flags)
{
    act_init(act, ACT_IN);
    op_recv(&act->op, sock, size, flags);
}

void act_sysread(struct act *act, struct sock *sock, size_t size)
{
    act_init(act, ACT_IN);
    op_sysread(&act->op, sock, size);
}

void act_write(struct act *act, struct sock *sock, const void *data, size_t length)
{
    act_init(act, ACT_OUT);
    op_write(&act->op, sock, data, length);
}

void act_send(struct act *act, struct sock *sock, const void *data, size_t length, int flags)
{
    act_init(act, ACT_OUT);
    op_send(&act->op, sock, data, length, flags);
}

void act_wait(struct act *act, struct sock *sock, unsigned want)
{
    act_init(act, ACT_READY);
    op_wait(&act->op, sock, want);
}

void act_connect(struct act *act, struct sock *sock, const struct address *address)
{
    act_init(act, ACT_CONNECT);
    op_connect(&act->op, sock, address);
}

void act_accept(struct act *act, struct sock *sock)
{
    act_init(act, ACT_MADE);
    op_accept(&act->op, sock);
}

void act_tcp_connect(struct act *act, const char *host, const char *port)
{
    act_init(act, ACT_MADE);
    op_tcp_connect(&act->op, net, 0, host, port);
}

void act_tcp_listen(struct act *act, const char *host, const char *port)
{
    act_init(act, ACT_MADE);
    op_tcp_listen(&act->op, net, 0, host, port, 0);
}

void act_resolve(struct act *act, const char *host, const char *service)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    act_init(act, ACT_FOUND);
    op_resolve(&act->op, net, host, service, &hints);
}

/* ---- data ---- */

uint64_t fixture_random(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15u; /* xorshift64* (Vigna 2016) */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1du;
}

struct memory {
    struct list link;
    max_align_t bytes[];
};

static struct list memories = LIST_INIT(memories);

void *fixture_memory(size_t size)
{
    struct memory *memory;
    void *block = NULL; /* not of malloc's family, which tests let fail */
    cr_assert_eq(posix_memalign(&block, sizeof(max_align_t), sizeof *memory + size), 0);
    memory = block;
    memset(memory, 0, sizeof *memory + size);
    list_append(&memories, &memory->link);
    return memory->bytes;
}

static void memory_free_all(void)
{
    struct list *node;
    while ((node = list_shift(&memories)) != NULL)
        free(CONTAINER_OF(node, struct memory, link));
}

uint8_t *fixture_pattern(size_t length)
{
    uint8_t *bytes = fixture_memory(length + 1);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251 + i / 65521);
    return bytes;
}
