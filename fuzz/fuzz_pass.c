/*
 * Descriptors of every kind, given to the control server, used by every method, and taken again.
 * The input is a list of steps; a byte says which, the next ones with what.
 *
 * Whatever was given, the server answers all the while, and holds nothing in the end.
 */
#include "fuzz.h"
#include "odd.h"
#include "protocol/methods.h"
#include "protocol/writer.h"
#include "world.h"

#include <fcntl.h>
#include <unistd.h>

enum { CLIENT = 1, WATCHER = 0, STEPS_MAX = 60 };

static struct world world;
static uint32_t msgid;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    world_open(&world);
    return 0;
}

static void end(void) __attribute__((destructor));

static void end(void)
{
    world_close(&world);
}

/* ---- requests ---- */

static void put_head(struct writer *writer, const char *method, uint32_t count)
{
    writer_array(writer, 4);
    writer_int(writer, 0);
    writer_uint(writer, ++msgid);
    writer_text(writer, method);
    writer_array(writer, count);
}

static void put_flags(struct writer *writer)
{
    writer_array(writer, 1);
    writer_text(writer, "MSG_DONTWAIT");
}

/* A value that may be right, or not. */
static void put_any(struct writer *writer, unsigned choice)
{
    static const char *const texts[] = {
        "",          "\n",        "SOL_SOCKET", "SO_ERROR",  "SO_TYPE",  "SO_LINGER", "SHUT_RDWR",
        "AF_INET",   "127.0.0.1", "rw",         "eof,close", "readable", "1",         "SO_PEERCRED",
        "SO_RCVBUF", "name",      "SO_DOMAIN",  "MSG_PEEK",  "TCP_INFO", "accept",    "IPPROTO_TCP",
    };
    static const double numbers[] = {
        0, 1, -1, 3, 0.25, 65535, 65536, 4294967296.0, -4294967296.0, 1e300};
    unsigned kind = choice % 40;
    if (kind < 21)
        writer_text(writer, texts[kind]);
    else if (kind < 31)
        writer_number(writer, numbers[kind - 21]);
    else if (kind < 33)
        writer_bool(writer, kind == 31);
    else if (kind < 35)
        writer_nil(writer);
    else if (kind < 37)
        put_flags(writer);
    else
        writer_bin(writer, "bytes\0\xff", (kind - 37) * 3);
}

static void put_param(struct writer *writer, enum method_type type, struct food *food)
{
    static const char *const names[] = {"g0", "g1", "g2", "g3", "stream", "listener"};
    unsigned choice = food_byte(food);
    if (type == METHOD_TYPE_HANDLE)
        writer_text(writer, names[choice % 6]);
    else if (type == METHOD_TYPE_TIMEOUT && choice < 200)
        writer_number(writer, choice % 2 ? 0.5 : 0);
    else if (type == METHOD_TYPE_BYTES && choice < 200)
        writer_bin(writer, "some bytes", choice % 11);
    else if (type == METHOD_TYPE_SIZE && choice < 200)
        writer_int(writer, choice);
    else
        put_any(writer, choice);
}

static void request(struct food *food)
{
    struct writer writer;
    const struct method *method = &methods[food_byte(food) % METHOD_COUNT];
    unsigned count = food_byte(food) % (method->count + 1u);
    writer_init_heap(&writer, 1 << 16);
    put_head(&writer, method->name, count);
    for (unsigned i = 0; i < count; i++)
        put_param(&writer, method->params[i].type, food);
    world_send(&world, CLIENT, writer.data, writer.size);
    writer_free_heap(&writer);
    world_spin(&world);
}

/* ---- descriptors ---- */

static int *free_outside(void)
{
    for (int i = 3; i < WORLD_OUTSIDE; i++)
        if (world.outside[i] < 0)
            return &world.outside[i];
    return NULL;
}

/* The other end, or another descriptor of the same open file, may be used behind the server's
 * back. */
static void keep_outside(int fd)
{
    int *place = fd >= 0 ? free_outside() : NULL;
    if (place) {
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        *place = fd;
    } else if (fd >= 0) {
        close(fd);
    }
}

static void give(struct food *food)
{
    struct writer writer;
    char name[] = {'g', (char)('0' + food_byte(food) % 4), 0};
    unsigned flags = food_byte(food), kind = food_byte(food) % ODD_KINDS;
    int other, fd = odd_open(kind, &other);
    if (fd >= 0) {
        int fds[WORLD_FDS] = {fd, fd, fd, fd};
        fcntl(fd, F_SETFL, flags & 1 ? O_NONBLOCK : 0);
        writer_init_heap(&writer, 1 << 10);
        put_head(&writer, "sockd.give", 1);
        writer_map(&writer, 1);
        writer_text(&writer, "name");
        writer_text(&writer, name);
        world_send_fds(&world, CLIENT, writer.data, writer.size, fds, flags & 2 ? 1 + kind % 4 : 1);
        writer_free_heap(&writer);
        world_spin(&world);
        close(fd);
    }
    keep_outside(other);
}

/* ---- steps ---- */

static void step(struct food *food)
{
    unsigned byte = food_byte(food), whom = 3 + byte / 16 % (WORLD_OUTSIDE - 3);
    switch (byte % 8) {
    case 0:
    case 1:
        give(food);
        break;
    case 2:
    case 3:
    case 4:
        request(food);
        break;
    case 5:
        world_outside_send(&world, whom, "bytes\r\nand more", byte / 16);
        break;
    case 6:
        if (byte & 128)
            world_outside_close(&world, whom);
        else
            world_outside_receive(&world, whom);
        break;
    default:
        world_wait(&world, byte / 16);
        world_hear(&world, CLIENT);
    }
}

static void say_hello(void)
{
    struct writer writer;
    writer_init_heap(&writer, 1 << 10);
    put_head(&writer, "sockd.hello", 1);
    writer_map(&writer, 1);
    writer_text(&writer, "fds");
    writer_bool(&writer, true);
    world_send(&world, CLIENT, writer.data, writer.size);
    writer_free_heap(&writer);
    world_spin(&world);
}

static void check_alive(void)
{
    struct writer writer;
    unsigned before = world.clients[WATCHER].answers;
    writer_init_heap(&writer, 1 << 10);
    put_head(&writer, "sockd.ping", 0);
    world_send(&world, WATCHER, writer.data, writer.size);
    writer_free_heap(&writer);
    world_spin(&world);
    world_hear(&world, WATCHER);
    MUST(world.clients[WATCHER].answers == before + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {data, size};
    msgid = 0;
    world_begin(&world);
    world_connect(&world, WATCHER);
    world_connect(&world, CLIENT);
    say_hello();
    for (int i = 0; i < STEPS_MAX && food.left > 0; i++)
        step(&food);
    check_alive();
    world_end(&world);
    return 0;
}
