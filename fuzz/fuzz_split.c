/*
 * The dispatcher hears the same however the bytes are cut. The first byte says where, the rest is
 * what a client sends: in one world message by message, in the next in pieces. All answers,
 * notifications and rejections are the same, byte by byte.
 *
 * Pieces are such that no two messages end in one, or what waits for other threads and sockets
 * would rightly be answered in another order.
 */
#include "fuzz.h"
#include "guard.h"
#include "protocol/message.h"
#include "world.h"

#include <string.h>

enum { CLIENT = 1 };

static struct world world;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    guard_freeze();
    world_open(&world);
    return 0;
}

static void end(void) __attribute__((destructor));

static void end(void)
{
    world_close(&world);
}

/* Their answers tell of the machine, or of the worlds before this one. */
static bool is_fickle(const struct message *message)
{
    static const char *const names[] = {
        "sockd.stats", "sockd.info", "getsockopt", "socket", "tcp_connect",
        "tcp_server",  "sysconnect", "bind",       "sendto", "getaddrinfo",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == message->method_size &&
            memcmp(names[i], message->method, message->method_size) == 0)
            return true;
    return false;
}

/* How many bytes belong together at the front: a message, or all that are left. */
static size_t message_size(const uint8_t *data, size_t size, bool *fickle)
{
    struct scan scan;
    struct message message;
    *fickle = false;
    scan_init(&scan, &scan_default_limits);
    if (scan_step(&scan, data, size) != SCAN_WHOLE)
        return size;
    *fickle = message_parse(&message, data, scan.size) == 0 && message.kind != MESSAGE_RESPONSE &&
              is_fickle(&message);
    return scan.size;
}

static void send_piece(const uint8_t *data, size_t size)
{
    world_send(&world, CLIENT, data, size);
    world_spin(&world);
    while (world_hear(&world, CLIENT))
        world_spin(&world);
}

/* Cuts the message at one place and sends what is before it together with what is `left` of the
 * last one, or cuts it everywhere. Returns what is left of it in turn. */
static size_t send_cut(const uint8_t *data, size_t size, size_t left, unsigned choice)
{
    size_t cut = choice % 64 * size / 64;
    if (choice < 192) {
        send_piece(data - left, left + cut);
        return size - cut;
    }
    if (left > 0)
        send_piece(data - left, left);
    for (size_t at = 0, step = 1 + choice % 8; at < size; at += step)
        send_piece(data + at, at + step < size ? step : size - at);
    return 0;
}

static void hear_all(const uint8_t *data, size_t size, unsigned choice, bool cut)
{
    size_t left = 0, now;
    bool fickle;
    for (; size > 0; data += now, size -= now) {
        now = message_size(data, size, &fickle);
        if (fickle || now == 0)
            break;
        if (cut)
            left = send_cut(data, now, left, choice);
        else
            send_piece(data, now);
    }
    if (left > 0)
        send_piece(data - left, left);
}

static void run(const uint8_t *data, size_t size, unsigned choice, bool cut, uint64_t *sum,
                size_t *total)
{
    world_begin(&world);
    world_connect(&world, CLIENT);
    world_outside_send(&world, 0, "a line\nand more\r\n", 17);
    hear_all(data, size, choice, cut);
    *sum = world.clients[CLIENT].sum;
    *total = world.clients[CLIENT].total;
    world_end(&world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {data, size};
    unsigned choice = food_byte(&food);
    uint64_t whole, cut;
    size_t whole_total, cut_total;
    if (food.left > 2048) /* cut into single bytes that takes long */
        return 0;
    run(food.at, food.left, choice, false, &whole, &whole_total);
    run(food.at, food.left, choice, true, &cut, &cut_total);
    MUST(whole_total == cut_total && whole == cut);
    return 0;
}
