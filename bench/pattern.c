/* See pattern.h. */
#include "pattern.h"

#include "bench.h"

#include <stdlib.h>
#include <string.h>

/* Short enough for a second-level cache, so that what is measured is not the generator's memory. */
#define PERIOD_LEAST (128u << 10)

/* A linear congruential generator; what matters is only that neighbours differ. */
static uint8_t next_byte(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (uint8_t)(*state >> 24);
}

void pattern_init(struct pattern *pattern, size_t message, bool lines)
{
    uint32_t state = 1;
    size_t messages = (PERIOD_LEAST + message - 1) / message;
    pattern->message = message;
    pattern->period = messages * message;
    pattern->bytes = allocate(2, pattern->period);
    for (size_t i = 0; i < pattern->period; i++) {
        uint8_t byte = next_byte(&state);
        if (lines && (i + 1) % message == 0)
            byte = '\n';
        else if (lines && byte == '\n')
            byte = ' ';
        pattern->bytes[i] = byte;
    }
    memcpy(pattern->bytes + pattern->period, pattern->bytes, pattern->period);
}

void pattern_deinit(struct pattern *pattern)
{
    free(pattern->bytes);
}

uint64_t pattern_origin(const struct pattern *pattern, unsigned connection)
{
    return (uint64_t)connection * 7 * pattern->message;
}

const uint8_t *pattern_at(const struct pattern *pattern, uint64_t offset)
{
    return pattern->bytes + offset % pattern->period;
}
