/*
 * Base 64. See base64.h.
 */
#include "client/ctl/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Writes the four characters of up to three bytes. */
static void encode_group(const uint8_t *bytes, size_t count, char *text)
{
    uint32_t bits = (uint32_t)bytes[0] << 16;

    bits |= count > 1 ? (uint32_t)bytes[1] << 8 : 0;
    bits |= count > 2 ? (uint32_t)bytes[2] : 0;
    for (size_t i = 0; i < 4; i++)
        text[i] = i <= count ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
}

char *base64_encode(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    char *text = malloc((size + 2) / 3 * 4 + 1);
    char *at = text;

    if (!text)
        return NULL;
    for (size_t i = 0; i < size; i += 3, at += 4)
        encode_group(bytes + i, size - i < 3 ? size - i : 3, at);
    *at = 0;
    return text;
}

/* Reads four characters as bits; how many bytes they hold, 0 if they are not base 64. */
static size_t decode_group(const char *text, uint32_t *bits)
{
    size_t count = 0;

    *bits = 0;
    for (size_t i = 0; i < 4; i++) {
        const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;
        if (at && count == i) {
            *bits |= (uint32_t)(at - alphabet) << (18 - 6 * i);
            count++;
        } else if (text[i] != '=') {
            return 0;
        }
    }
    return count > 1 ? count - 1 : 0;
}

void *base64_decode(const char *text, size_t *size)
{
    size_t length = strlen(text);
    uint8_t *bytes = length % 4 == 0 ? malloc(length / 4 * 3 + 1) : NULL;

    *size = 0;
    if (!bytes)
        return NULL;
    for (size_t i = 0; i < length; i += 4) {
        uint32_t bits;
        size_t count = decode_group(text + i, &bits);
        if (count == 0 || (count < 3 && i + 4 < length)) {
            free(bytes);
            return NULL;
        }
        for (size_t j = 0; j < count; j++)
            bytes[(*size)++] = (uint8_t)(bits >> (16 - 8 * j));
    }
    return bytes;
}
