/*
 * From a message to its method.
 */
#pragma once

#include <stddef.h>

struct peer;

/* Carries out one message, whose bytes a scan has found whole and which stay where they are
 * meanwhile. Bad input ends the peer's reading. */
void dispatch(struct peer *peer, const void *bytes, size_t size);
