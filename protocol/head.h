/*
 * The head of a MessagePack value: what its first byte says, and the length or number behind it.
 *
 * The scan and the view both stand on this one decoder, so that they cannot disagree about where
 * a value ends. See https://github.com/msgpack/msgpack/blob/master/spec.md.
 */
#ifndef PROTOCOL_HEAD_H
#define PROTOCOL_HEAD_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum head_kind {
    HEAD_INVALID, /* 0xc1, and extension types, which the wire does not have */
    HEAD_NIL,
    HEAD_FALSE,
    HEAD_TRUE,
    HEAD_SIGNED,   /* number holds the value, sign-extended */
    HEAD_UNSIGNED, /* number holds the value */
    HEAD_FLOAT,    /* number holds the bits */
    HEAD_DOUBLE,   /* number holds the bits */
    HEAD_STR,      /* number holds the bytes that follow */
    HEAD_BIN,      /* number holds the bytes that follow */
    HEAD_ARRAY,    /* number holds the values that follow */
    HEAD_MAP,      /* number holds the pairs that follow */
};

struct head {
    enum head_kind kind;
    size_t size; /* bytes of the head itself, 1 to 9 */
    uint64_t number;
};

/* By first byte less 0xc0: kind, and bytes of the big-endian number behind it. */
static const struct {
    uint8_t kind;
    uint8_t width;
} head_table[32] = {
    {HEAD_NIL, 0},      {HEAD_INVALID, 0},  {HEAD_FALSE, 0},    {HEAD_TRUE, 0},
    {HEAD_BIN, 1},      {HEAD_BIN, 2},      {HEAD_BIN, 4},      {HEAD_INVALID, 0},
    {HEAD_INVALID, 0},  {HEAD_INVALID, 0},  {HEAD_FLOAT, 4},    {HEAD_DOUBLE, 8},
    {HEAD_UNSIGNED, 1}, {HEAD_UNSIGNED, 2}, {HEAD_UNSIGNED, 4}, {HEAD_UNSIGNED, 8},
    {HEAD_SIGNED, 1},   {HEAD_SIGNED, 2},   {HEAD_SIGNED, 4},   {HEAD_SIGNED, 8},
    {HEAD_INVALID, 0},  {HEAD_INVALID, 0},  {HEAD_INVALID, 0},  {HEAD_INVALID, 0},
    {HEAD_INVALID, 0},  {HEAD_STR, 1},      {HEAD_STR, 2},      {HEAD_STR, 4},
    {HEAD_ARRAY, 2},    {HEAD_ARRAY, 4},    {HEAD_MAP, 2},      {HEAD_MAP, 4},
};

static inline uint64_t head_number(const uint8_t *at, size_t width)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;

    switch (width) {
    case 1:
        return at[0];
    case 2:
        memcpy(&two, at, sizeof two);
        return be16toh(two);
    case 4:
        memcpy(&four, at, sizeof four);
        return be32toh(four);
    case 8:
        memcpy(&eight, at, sizeof eight);
        return be64toh(eight);
    default:
        return 0;
    }
}

static inline uint64_t head_sign_extend(uint64_t number, size_t width)
{
    switch (width) {
    case 1:
        return (uint64_t)(int64_t)(int8_t)number;
    case 2:
        return (uint64_t)(int64_t)(int16_t)number;
    case 4:
        return (uint64_t)(int64_t)(int32_t)number;
    default:
        return number;
    }
}

/* Decodes the wide heads, 0xc0 to 0xdf. */
static inline size_t head_read_wide(struct head *head, const uint8_t *at, size_t available)
{
    unsigned row = at[0] - 0xc0u;
    size_t width = head_table[row].width;

    head->kind = (enum head_kind)head_table[row].kind;
    head->size = 1 + width;
    if (available < head->size)
        return head->size;
    head->number = head_number(at + 1, width);
    if (head->kind == HEAD_SIGNED)
        head->number = head_sign_extend(head->number, width);
    return head->size;
}

/*
 * Decodes the head that begins at at, of which available bytes, one or more, are there. Returns
 * how many bytes the head has; if that is more than there are, only kind and size are set.
 */
static inline size_t head_read(struct head *head, const uint8_t *at, size_t available)
{
    uint8_t first = at[0];

    if (first >= 0xc0 && first < 0xe0)
        return head_read_wide(head, at, available);
    head->size = 1;
    if (first < 0x80) {
        head->kind = HEAD_UNSIGNED;
        head->number = first;
    } else if (first >= 0xe0) {
        head->kind = HEAD_SIGNED;
        head->number = head_sign_extend(first, 1);
    } else if (first >= 0xa0) {
        head->kind = HEAD_STR;
        head->number = first & 0x1f;
    } else {
        head->kind = first >= 0x90 ? HEAD_ARRAY : HEAD_MAP;
        head->number = first & 0x0f;
    }
    return 1;
}

#endif
