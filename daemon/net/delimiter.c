/*
 * The search for delimiters. See delimiter.h.
 */
#include "net/delimiter.h"

#include <string.h>

/* The end of the first `delimiter` in data[from..length), or 0. */
static size_t delimiter_end(const uint8_t *data, size_t length, size_t from,
                            const struct slice *delimiter)
{
    if (delimiter->length == 0 || from >= length)
        return 0;
    const uint8_t *found;
    if (delimiter->length == 1)
        found = memchr(data + from, *(const uint8_t *)delimiter->data, length - from);
    else
        found = memmem(data + from, length - from, delimiter->data, delimiter->length);
    return found != NULL ? (size_t)(found - data) + delimiter->length : 0;
}

size_t delimiter_find(const uint8_t *data, size_t length, size_t scanned,
                      const struct slice *delimiters, uint32_t count)
{
    size_t earliest = 0;
    for (uint32_t i = 0; i < count; i++) {
        /* a delimiter may have begun in what is scanned, but not have ended there */
        size_t overlap = delimiters[i].length > 0 ? delimiters[i].length - 1 : 0;
        size_t from = scanned > overlap ? scanned - overlap : 0;
        size_t end = delimiter_end(data, length, from, &delimiters[i]);
        if (end != 0 && (earliest == 0 || end < earliest)) {
            earliest = end;
            length = end; /* only what ends before it is of interest now */
        }
    }
    return earliest;
}

uint64_t delimiter_key(const struct slice *delimiters, uint32_t count)
{
    uint64_t key = 0xcbf29ce484222325u; /* FNV-1a over the lengths and the bytes */
    for (uint32_t i = 0; i < count; i++) {
        key = (key ^ delimiters[i].length) * 0x100000001b3u;
        const uint8_t *bytes = delimiters[i].data;
        for (size_t j = 0; j < delimiters[i].length; j++)
            key = (key ^ bytes[j]) * 0x100000001b3u;
    }
    return key;
}
