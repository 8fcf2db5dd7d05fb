/*
 * Numbers in text that comes from outside: command lines, the environment, configuration files,
 * addresses, files of our own that somebody may have touched. One reading of them, everywhere.
 *
 * A number is decimal digits, perhaps behind a minus where negative ones make sense: no plus, no
 * blanks, no 0x, and no zero bytes. Zeros in front change nothing. Nothing is set unless the whole
 * text is a number within the bounds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum numeral {
    NUMERAL_FINE = 0,
    NUMERAL_EMPTY,    /* no text at all */
    NUMERAL_OTHER,    /* text that is no number */
    NUMERAL_NAN,      /* the word for what is no number */
    NUMERAL_NEGATIVE, /* a minus where there must be none */
    NUMERAL_FRACTION, /* a number that is not whole */
    NUMERAL_SMALL,    /* below the least */
    NUMERAL_LARGE,    /* beyond the most, or beyond what a number holds */
};

/* How a sentence about that text ends: "is too large". */
const char *numeral_fault(enum numeral fault);

/* Whether the text is nothing but digits, and some. */
bool numeral_is_digits(const char *text);

enum numeral numeral_unsigned(const char *text, uint64_t most, uint64_t *out);
enum numeral numeral_signed(const char *text, int64_t least, int64_t most, int64_t *out);

/* Octal digits. */
enum numeral numeral_octal(const char *text, unsigned most, unsigned *out);

/* With K, M or G behind it for powers of 1024. */
enum numeral numeral_bytes(const char *text, uint64_t most, uint64_t *out);

/* Seconds and their like: perhaps with a fraction, an exponent, a minus; "inf" is a number, "nan"
 * is none. */
enum numeral numeral_real(const char *text, double *out);
