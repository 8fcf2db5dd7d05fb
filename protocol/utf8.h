/*
 * Text from outside as UTF-8: bytes that are none become \xNN, all others stay what they are.
 */
#ifndef PROTOCOL_UTF8_H
#define PROTOCOL_UTF8_H

#include <stddef.h>

enum { UTF8_ESCAPED = 4 }; /* bytes of \xNN */

/* How many bytes the character at the beginning of the terminated text has; 0 if it is none
 * (RFC 3629), and at the end. */
size_t utf8_character(const char *text);

/* How many bytes from here on are UTF-8. */
size_t utf8_good_size(const char *text);

/* How many bytes the terminated text becomes in writer_escaped. */
size_t utf8_size(const char *text);

#endif
