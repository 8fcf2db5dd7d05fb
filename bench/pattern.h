/*
 * What the generator sends: an endless stream of messages that repeats only after a while, so that
 * a byte that is lost, doubled or moved shows. Every connection has its own place in it.
 */
#ifndef SOCKD_BENCH_PATTERN_H
#define SOCKD_BENCH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pattern {
    size_t message; /* bytes of a message */
    size_t period;  /* bytes until the stream repeats: a whole number of messages */
    uint8_t *bytes; /* two periods, so that one period is in one piece from everywhere */
};

/* With `lines` each message ends with a newline and has none before; otherwise any bytes. */
void pattern_init(struct pattern *pattern, size_t message, bool lines);
void pattern_deinit(struct pattern *pattern);

/* Where in the stream the connection of this number begins; a whole number of messages. */
uint64_t pattern_origin(const struct pattern *pattern, unsigned connection);

/* One period of bytes from this offset of the stream. */
const uint8_t *pattern_at(const struct pattern *pattern, uint64_t offset);

#endif
