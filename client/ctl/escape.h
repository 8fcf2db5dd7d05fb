/*
 * Escapes: C's in what the user types, and those that keep a terminal from obeying what a peer
 * sent.
 */
#ifndef CTL_ESCAPE_H
#define CTL_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Turns \n \r \t \0 \a \b \e \f \v \\ \' \" \ooo \xHH into the bytes they stand for, in place, and
 * sets the size. False if there is an escape of another kind. */
bool escape_decode(char *text, size_t *size);

/* Writes bytes as a terminal may see them: line feeds, tabs and printable UTF-8 as they are,
 * anything else as escapes. */
void escape_print(FILE *stream, const char *data, size_t size);

/* The same into the room of a text that stands in a line among others: line feeds and tabs are
 * escaped too. What does not fit is cut off, whole characters and escapes at a time. Terminates;
 * the room is 1 byte at least. */
void escape_line(char *text, size_t room, const char *data, size_t size);

#endif
