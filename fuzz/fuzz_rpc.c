/*
 * The dispatcher as a state machine: a control server, up to four clients of it and the other ends
 * of its sockets. The input is a list of steps: a byte, the low four bits of which say what is done
 * and the high four to whom, and data where a step takes any.
 *
 * Whatever they do, each client hears whole answers of the promised shape, and at the end the
 * server holds nothing: no request, no byte, no socket, no event.
 */
#include "fuzz.h"
#include "world.h"

enum step {
    STEP_CONNECT,
    STEP_SEND,
    STEP_SEND_FD,
    STEP_SHUTDOWN,
    STEP_HANG_UP,
    STEP_SPIN,
    STEP_HEAR,
    STEP_OUTSIDE_SEND,
    STEP_OUTSIDE_RECEIVE,
    STEP_OUTSIDE_CLOSE,
    STEP_KNOCK,
    STEP_RETURN,
    STEP_SEND_SPLIT,
    STEP_WAIT, /* from a hundredth of a second to minutes */
    STEPS,
};

/* More would only take longer. */
enum { STEPS_MAX = 200 };

static void step_data(struct world *world, enum step step, unsigned whom, struct food *food)
{
    unsigned client = whom % WORLD_CLIENTS;
    struct food bytes = food_bytes(food);
    if (step == STEP_SEND)
        world_send(world, client, bytes.at, bytes.left);
    else if (step == STEP_SEND_FD)
        world_send_fd(world, client, bytes.at, bytes.left);
    else if (step == STEP_OUTSIDE_SEND)
        world_outside_send(world, whom % WORLD_OUTSIDE, bytes.at, bytes.left);
    for (size_t i = 0; step == STEP_SEND_SPLIT && i < bytes.left && i < 256; i++) {
        world_send(world, client, bytes.at + i, 1);
        world_spin(world);
    }
}

static void step_plain(struct world *world, enum step step, unsigned whom)
{
    unsigned client = whom % WORLD_CLIENTS;
    if (step == STEP_CONNECT)
        world_connect(world, client);
    else if (step == STEP_SHUTDOWN)
        world_shutdown(world, client);
    else if (step == STEP_HANG_UP)
        world_hang_up(world, client);
    else if (step == STEP_SPIN)
        world_spin(world);
    else if (step == STEP_HEAR)
        world_hear(world, client);
    else if (step == STEP_OUTSIDE_RECEIVE)
        world_outside_receive(world, whom % WORLD_OUTSIDE);
    else if (step == STEP_OUTSIDE_CLOSE)
        world_outside_close(world, whom % WORLD_OUTSIDE);
    else if (step == STEP_KNOCK)
        world_knock(world);
    else if (step == STEP_RETURN)
        world_return(world);
    else if (step == STEP_WAIT)
        world_wait(world, 0.01 * (1 << whom));
}

static struct world world;

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {data, size};
    world_begin(&world);
    for (int i = 0; i < STEPS_MAX && food.left > 0; i++) {
        uint8_t byte = food_byte(&food);
        enum step step = (byte & 15) % STEPS;
        unsigned whom = byte >> 4;
        if (step == STEP_SEND || step == STEP_SEND_FD || step == STEP_OUTSIDE_SEND ||
            step == STEP_SEND_SPLIT)
            step_data(&world, step, whom, &food);
        else
            step_plain(&world, step, whom);
    }
    world_end(&world);
    return 0;
}
