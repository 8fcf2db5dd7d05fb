/*
 * Text from outside as UTF-8: bytes that are none become \xNN, all others stay what they are.
 */
#ifndef PROTOCOL_UTF8_H
#define PROTOCOL_UTF8_H

#include "protocol/writer.h"

/* How many bytes the character at the beginning of the terminated text has; 0 if it is none
 * (RFC 3629), and at the end. */
size_t utf8_character(const char *text);

/* How many bytes the terminated text becomes. */
size_t utf8_size(const char *text);

/* Appends what it becomes, and nothing else: a head of that size stands before it. */
void utf8_write(struct writer *writer, const char *text);

#endif
