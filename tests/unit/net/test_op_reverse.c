/* getnameinfo as an operation: off the loop, in its own time, and taken back without a trace. */
#include "net_fixture.h"

#include "util/error.h"

#include <netdb.h>
#include <semaphore.h>

/* The name service of the test: the one port that makes it wait until it is let go. */
enum { SLOW_PORT = 7 };
static sem_t gate;

int __wrap_getnameinfo(const struct sockaddr *address, socklen_t length, char *host,
                       socklen_t host_size, char *service, socklen_t service_size, int flags);

int __wrap_getnameinfo(const struct sockaddr *address, socklen_t length, char *host,
                       socklen_t host_size, char *service, socklen_t service_size, int flags)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    if (length != sizeof *in || in->sin_family != AF_INET)
        return EAI_FAMILY;
    if (ntohs(in->sin_port) == SLOW_PORT)
        sem_wait(&gate);
    if (flags & NI_NAMEREQD)
        return EAI_NONAME;
    snprintf(host, host_size, "one.test");
    snprintf(service, service_size, "service-%d", ntohs(in->sin_port));
    return 0;
}

/* "two.test" has two names and two addresses, 192.0.2.9 has one of each, "busy.test" no answer. */
static int entry_of(const char *name, struct hostent *entry, struct hostent **found)
{
    static char first[] = {(char)192, 0, 2, 1}, second[] = {(char)192, 0, 2, 2}, alias[] = "zwei";
    static char official[16], *aliases[] = {alias, NULL}, *none[] = {NULL};
    static char *addresses[] = {first, second, NULL}, *one[] = {first, NULL};
    bool two = strcmp(name, "two.test") == 0;
    snprintf(official, sizeof official, "%s", name);
    *entry = (struct hostent){.h_name = official,
                              .h_aliases = two ? aliases : none,
                              .h_addr_list = two ? addresses : one,
                              .h_addrtype = AF_INET,
                              .h_length = 4};
    *found = entry;
    return 0;
}

int __wrap_gethostbyname_r(const char *name, struct hostent *entry, char *room, size_t size,
                           struct hostent **found, int *problem);

int __wrap_gethostbyname_r(const char *name, struct hostent *entry, char *room, size_t size,
                           struct hostent **found, int *problem)
{
    (void)room, (void)size;
    *found = NULL;
    *problem = strcmp(name, "busy.test") == 0 ? TRY_AGAIN : HOST_NOT_FOUND;
    return strcmp(name, "two.test") == 0 ? entry_of(name, entry, found) : 0;
}

int __wrap_gethostbyaddr_r(const void *address, socklen_t length, int family, struct hostent *entry,
                           char *room, size_t size, struct hostent **found, int *problem);

int __wrap_gethostbyaddr_r(const void *address, socklen_t length, int family, struct hostent *entry,
                           char *room, size_t size, struct hostent **found, int *problem)
{
    (void)room, (void)size;
    *found = NULL;
    *problem = NO_RECOVERY;
    if (length != 4 || family != AF_INET || memcmp(address, "\xc0\0\2\x9", 4) != 0)
        return 0;
    return entry_of("nine.test", entry, found);
}

static void setup(void)
{
    sem_init(&gate, 0, 0);
    fixture_up();
}

TestSuite(reverse, .init = setup, .fini = fixture_down);

struct outcome {
    struct op op;
    bool ended;
    int status;
    char host[64], service[64];
};

static void on_done(struct op *op)
{
    struct outcome *outcome = CONTAINER_OF(op, struct outcome, op);
    outcome->ended = true;
    outcome->status = op->status;
    if (op->status == 0) {
        snprintf(outcome->host, sizeof outcome->host, "%s", op_reverse_host(op));
        snprintf(outcome->service, sizeof outcome->service, "%s", op_reverse_service(op));
    }
    op_finish(op);
    loop_stop(loop);
}

static bool has_ended(void *context)
{
    return ((struct outcome *)context)->ended;
}

static void make(struct op *op, const char *port, int flags)
{
    struct address address;
    cr_assert_eq(address_parse(&address, AF_INET, "127.0.0.1", port), 0);
    op_reverse(op, net, &address, flags);
    memset(&address, 0xff, sizeof address); /* it is copied */
}

Test(reverse, an_address_and_its_port_have_names)
{
    struct outcome outcome = {0};
    make(&outcome.op, "80", 0);
    cr_assert_eq(op_start(&outcome.op, LOOP_NEVER, on_done), OP_WAIT);
    fixture_run_until(has_ended, &outcome);
    cr_assert_eq(outcome.status, 0);
    cr_assert_str_eq(outcome.host, "one.test");
    cr_assert_str_eq(outcome.service, "service-80");
    cr_assert_eq(fixture_stats().lookups, 0);
}

Test(reverse, an_unknown_address_says_so)
{
    struct outcome outcome = {0};
    make(&outcome.op, "80", NI_NAMEREQD);
    cr_assert_eq(op_start(&outcome.op, LOOP_NEVER, on_done), OP_WAIT);
    fixture_run_until(has_ended, &outcome);
    cr_assert_eq(outcome.status, error_from_eai(EAI_NONAME));
}

Test(reverse, one_that_hangs_ends_at_its_deadline)
{
    struct outcome outcome = {0};
    make(&outcome.op, "7", 0);
    cr_assert_eq(op_start(&outcome.op, loop_deadline(0.02), on_done), OP_WAIT);
    fixture_run_until(has_ended, &outcome);
    cr_assert_eq(outcome.status, -ETIMEDOUT);
    sem_post(&gate);
}

Test(reverse, without_time_it_does_not_wait)
{
    struct op op;
    make(&op, "80", 0);
    cr_assert_eq(op_start(&op, 0, NULL), OP_DONE);
    cr_assert_eq(op.status, -ETIMEDOUT);
    op_finish(&op);
}

Test(reverse, taken_back_it_leaves_nothing)
{
    struct outcome outcome = {0};
    make(&outcome.op, "7", 0);
    cr_assert_eq(op_start(&outcome.op, LOOP_NEVER, on_done), OP_WAIT);
    op_abort(&outcome.op);
    sem_post(&gate);
    fixture_run_rounds(3);
    cr_assert_not(outcome.ended);
}

static int entry(struct outcome *outcome, const char *host)
{
    char copy[32];
    snprintf(copy, sizeof copy, "%s", host);
    *outcome = (struct outcome){0};
    op_host_entry(&outcome->op, net, copy);
    memset(copy, 'x', sizeof copy);
    cr_assert_eq(op_start(&outcome->op, LOOP_NEVER, on_done), OP_WAIT);
    fixture_run_until(has_ended, outcome);
    return outcome->status;
}

Test(reverse, an_entry_has_all_names_and_addresses)
{
    struct outcome outcome;
    cr_assert_eq(entry(&outcome, "two.test"), 0);
    cr_assert_str_eq(outcome.host, "two.test zwei");
    cr_assert_str_eq(outcome.service, "192.0.2.1 192.0.2.2");
    cr_assert_eq(entry(&outcome, "192.0.2.9"), 0);
    cr_assert_str_eq(outcome.host, "nine.test");
    cr_assert_str_eq(outcome.service, "192.0.2.1");
    cr_assert_eq(fixture_stats().lookups, 0);
}

Test(reverse, an_entry_that_is_not_there_says_why)
{
    struct outcome outcome;
    cr_assert_eq(entry(&outcome, "none.test"), error_from_eai(EAI_NONAME));
    cr_assert_eq(entry(&outcome, "busy.test"), error_from_eai(EAI_AGAIN));
    cr_assert_eq(entry(&outcome, "192.0.2.8"), error_from_eai(EAI_FAIL));
}
