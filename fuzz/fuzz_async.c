/*
 * The asynchronous half of libsockd as a state machine: the input says what the caller does, also
 * from within callbacks, and what the daemon sends, with descriptors or without. Whatever the order
 * is, each request that started calls back exactly once, the others never, and no descriptor is
 * left.
 */
#include "fuzz.h"

#include <sockd/client.h>

#include <dirent.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { REQUESTS = 64, ACTIONS = 9 };

/* A request, and what its callback will do. */
struct flight {
    bool started;
    int calls;
    uint32_t number;
};

static struct {
    struct food food;
    struct sockd_client *client; /* NULL: gone */
    int fd;                      /* the daemon's end; -1: gone */
    int depth;                   /* of callbacks */
    unsigned count;
    struct flight flights[REQUESTS];
} world;

static int listening = -1;
static char folder[64];
static struct sockaddr_un address = {.sun_family = AF_UNIX};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    snprintf(folder, sizeof folder, "/tmp/sockd-fuzz-XXXXXX");
    MUST(mkdtemp(folder));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(listening >= 0);
    MUST(bind(listening, (struct sockaddr *)&address, sizeof address) == 0);
    MUST(listen(listening, 8) == 0);
    return 0;
}

static void remove_folder(void) __attribute__((destructor));

static void remove_folder(void)
{
    unlink(address.sun_path);
    rmdir(folder);
}

static int open_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;
    MUST(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

/* ---- the caller ---- */

static void act(void);

static void act_within(void)
{
    world.depth++;
    act();
    world.depth--;
}

static void on_answer(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    struct flight *flight = context;
    struct sockd_taken taken;
    const struct sockd_value *value = NULL;
    MUST(client == world.client || !world.client);
    MUST(flight->started && flight->calls++ == 0);
    int status = sockd_answer_status(answer);
    MUST(status <= 0 && sockd_answer_error(answer)->number == -status);
    MUST(sockd_answer_value(answer, &value) <= 0);
    (void)sockd_value_get(value, "data");
    if (food_byte(&world.food) % 2 && sockd_answer_take(answer, &taken) == 0)
        close(taken.fd);
    act_within();
}

static void on_notify(struct sockd_client *client, const char *method,
                      const struct sockd_value *params, void *context)
{
    (void)client, (void)context;
    MUST(strlen(method) < 100000);
    MUST(sockd_value_type(params) == SOCKD_ARRAY);
    act_within();
}

static void submit(void)
{
    struct flight *flight = &world.flights[world.count];
    unsigned kind = food_byte(&world.food) % 4;
    int result;
    if (world.count == REQUESTS || !world.client)
        return;
    world.count++;
    flight->started = true;
    if (kind == 0)
        result = sockd_submit_take(world.client, 1, on_answer, flight, &flight->number);
    else if (kind == 1)
        result =
            sockd_submit_give(world.client, listening, NULL, on_answer, flight, &flight->number);
    else if (kind == 2)
        result = sockd_submit_read(world.client, 1, 10, 1.0, on_answer, flight, &flight->number);
    else
        result = sockd_submit(world.client, "", NULL, on_answer, flight, &flight->number);
    flight->started = result == 0;
}

static void cancel(void)
{
    unsigned which = food_byte(&world.food);
    if (world.client && world.count > 0)
        (void)sockd_cancel_request(world.client, world.flights[which % world.count].number);
}

static void end_client(void)
{
    struct sockd_client *client = world.client;
    world.client = NULL;
    sockd_disconnect(client);
}

static void process(void)
{
    if (!world.client || world.depth > 0)
        return;
    MUST(sockd_timeout_ms(world.client) >= -1);
    struct sockd_client *client = world.client;
    int result = sockd_process(client);
    MUST(result <= 0);
    if (world.client)
        MUST((sockd_fd(client) < 0) == (result < 0));
}

/* ---- the daemon ---- */

static void send_with(const void *bytes, size_t size, bool descriptor)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    memcpy(CMSG_DATA(&control.header), &listening, sizeof listening);
    if (descriptor) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
    }
    (void)!sendmsg(world.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void send_raw(void)
{
    bool descriptor = food_byte(&world.food) % 2;
    struct food bytes = food_bytes(&world.food);
    if (world.fd >= 0 && bytes.left > 0)
        send_with(bytes.at, bytes.left, descriptor);
}

/* A sound answer to some request: {"data": ""}, or a failure. */
static void answer(void)
{
    uint8_t number = food_byte(&world.food) % 0x80, kind = food_byte(&world.food);
    char good[] = "\x94\x01\x00\xc0\x81\xa4"
                  "data\xc4\x00",
         bad[] = "\x94\x01\x00\xa1x\xc0";
    char *bytes = kind % 2 ? good : bad;
    bytes[2] = (char)number;
    if (world.fd >= 0)
        send_with(bytes, kind % 2 ? sizeof good - 1 : sizeof bad - 1, kind % 4 > 1);
}

static void drain(void)
{
    char buffer[65536];
    while (world.fd >= 0 && recv(world.fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0) {}
}

static void hang_up(void)
{
    if (world.fd >= 0)
        close(world.fd);
    world.fd = -1;
}

static void accept_client(void)
{
    hang_up();
    world.fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    MUST(world.fd >= 0);
}

static void reconnect(void)
{
    if (!world.client || world.depth > 0)
        return;
    struct sockd_client *client = world.client;
    int result = sockd_reconnect(client);
    if (result == 0)
        accept_client();
    else
        MUST(!world.client);
}

/* ---- the two ---- */

static void act(void)
{
    if (world.food.left == 0)
        return;
    unsigned what = food_byte(&world.food) % ACTIONS;
    if (what == 0) {
        submit();
    } else if (what == 1) {
        cancel();
    } else if (what == 2) {
        process();
    } else if (what == 3) {
        send_raw();
    } else if (what == 4) {
        answer();
    } else if (what == 5) {
        drain();
    } else if (what == 6 && food_byte(&world.food) % 4 == 0) {
        hang_up();
    } else if (what == 7 && food_byte(&world.food) % 4 == 0) {
        reconnect();
    } else if (what == 8 && food_byte(&world.food) % 8 == 0 && world.client) {
        end_client();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int before = open_descriptors();
    memset(&world, 0, sizeof world);
    world.food = (struct food){data, size};
    MUST(sockd_open_nonblocking(address.sun_path, &world.client) == 0);
    world.fd = -1;
    accept_client();
    sockd_on_notify(world.client, on_notify, NULL);
    while (world.food.left > 0 && world.client) {
        act();
        process();
    }
    end_client();
    hang_up();
    for (unsigned i = 0; i < world.count; i++)
        MUST(world.flights[i].calls == world.flights[i].started);
    MUST(open_descriptors() == before);
    return 0;
}
