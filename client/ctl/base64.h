/*
 * Base 64 (RFC 4648), the form that bytes take in JSON when they are no text.
 */
#ifndef CTL_BASE64_H
#define CTL_BASE64_H

#include <stddef.h>

/* The encoding, terminated, for the caller to free; NULL for lack of memory. */
char *base64_encode(const void *data, size_t size);

/* The bytes, for the caller to free, and their size; NULL for lack of memory or if the text is
 * not base 64. */
void *base64_decode(const char *text, size_t *size);

#endif
