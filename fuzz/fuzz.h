/*
 * What the fuzz targets share: each is a program of libFuzzer, which calls LLVMFuzzerTestOneInput
 * with one input after the other and keeps those that reach new code.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What must hold whatever the input is. A failure is a crash, which libFuzzer keeps the input of.
 */
#define MUST(condition)                                                                    \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

/* An input that is taken apart from its front; what is missing is zero. */
struct food {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t food_byte(struct food *food)
{
    if (food->left == 0)
        return 0;
    food->left--;
    return *food->at++;
}

/* A length of two bytes, the low one first, and as many bytes as that says and there are. */
static inline struct food food_bytes(struct food *food)
{
    size_t size = food_byte(food);
    size |= (size_t)food_byte(food) << 8;
    if (size > food->left)
        size = food->left;
    struct food bytes = {food->at, size};
    food->at += size;
    food->left -= size;
    return bytes;
}
