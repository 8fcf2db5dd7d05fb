/*
 * Text from outside as UTF-8. See utf8.h.
 */
#include "protocol/utf8.h"

#include <stdint.h>

/* By the first byte: how many follow it, and between what the first of those is. All others are
 * between 0x80 and 0xbf. */
static const struct row {
    uint8_t first, last, low, high, more;
} rows[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2}, {0xe1, 0xec, 0x80, 0xbf, 2},
    {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2}, {0xf0, 0xf0, 0x90, 0xbf, 3},
    {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3},
};

static const struct row *row_of(uint8_t first)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (first >= rows[i].first && first <= rows[i].last)
            return &rows[i];
    }
    return NULL;
}

/* The byte 0 at the end continues nothing, so that no more is read than there is. */
size_t utf8_character(const char *text)
{
    const uint8_t *bytes = (const uint8_t *)text;
    const struct row *row = row_of(bytes[0]);

    if (bytes[0] < 0x80)
        return bytes[0] != 0;
    if (!row || bytes[1] < row->low || bytes[1] > row->high)
        return 0;
    for (size_t i = 2; i <= row->more; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    return 1 + (size_t)row->more;
}

size_t utf8_good_size(const char *text)
{
    size_t size = 0, count;

    while ((count = utf8_character(text + size)))
        size += count;
    return size;
}

size_t utf8_size(const char *text)
{
    size_t size = 0;

    for (;; text++) {
        size_t good = utf8_good_size(text);
        size += good;
        text += good;
        if (!*text)
            return size;
        size += UTF8_ESCAPED;
    }
}
