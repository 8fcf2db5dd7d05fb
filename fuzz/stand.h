/*
 * What the targets of libsockd share: a client whose daemon is the fuzzer, and readers that touch
 * every byte of what the library hands out, so that a sanitizer sees what is not there.
 */
#pragma once

#include <sockd/client.h>

#include <stddef.h>

enum { STAND_FDS = 4 };

/* The daemon's end of a new client's connection. */
int stand_open(struct sockd_client **client);

/* Sends the bytes, as many as there is room for, the first of them with so many descriptors. */
void stand_send(int daemon, const void *data, size_t size, unsigned descriptors);

/* The daemon says no more. */
void stand_end(int daemon);

void read_bytes(const char *data, size_t size);
void read_value(const struct sockd_value *value, int depth);
void read_address(const struct sockd_address *address);
void read_taken(const struct sockd_taken *taken);
