/* Numbers in text; see numeral.h. */
#include "base/numeral.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char digits[] = "0123456789";

const char *numeral_fault(enum numeral fault)
{
    static const char *const texts[] = {
        [NUMERAL_FINE] = "is fine",         [NUMERAL_EMPTY] = "is empty",
        [NUMERAL_OTHER] = "is no number",   [NUMERAL_NAN] = "is no number",
        [NUMERAL_NEGATIVE] = "is negative", [NUMERAL_FRACTION] = "is not whole",
        [NUMERAL_SMALL] = "is too small",   [NUMERAL_LARGE] = "is too large",
    };
    return texts[fault];
}

bool numeral_is_digits(const char *text)
{
    return *text && text[strspn(text, digits)] == 0;
}

/* Why the text, which is not digits alone, is no number from 0 on. */
static enum numeral fault_of(const char *text)
{
    double number;
    if (*text == 0)
        return NUMERAL_EMPTY;
    enum numeral fault = numeral_real(text, &number);
    if (fault)
        return fault;
    if (*text == '-')
        return NUMERAL_NEGATIVE;
    return isinf(number) ? NUMERAL_LARGE : NUMERAL_FRACTION;
}

/* Digits, and nothing else, of that base. */
static enum numeral read_digits(const char *text, size_t size, unsigned base, uint64_t most,
                                uint64_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (digit > most || number > (most - digit) / base)
            return NUMERAL_LARGE;
        number = number * base + digit;
    }
    *out = number;
    return NUMERAL_FINE;
}

enum numeral numeral_unsigned(const char *text, uint64_t most, uint64_t *out)
{
    if (!numeral_is_digits(text))
        return fault_of(text);
    return read_digits(text, strlen(text), 10, most, out);
}

static enum numeral read_negative(const char *text, int64_t least, int64_t most, int64_t *out)
{
    uint64_t number;
    if (least >= 0)
        return NUMERAL_NEGATIVE;
    if (read_digits(text, strlen(text), 10, (uint64_t)INT64_MAX + 1, &number))
        return NUMERAL_SMALL;
    if (number == 0)
        return NUMERAL_NEGATIVE; /* nobody means it */
    int64_t value = number > INT64_MAX ? INT64_MIN : -(int64_t)number;
    if (value < least)
        return NUMERAL_SMALL;
    if (value > most)
        return NUMERAL_LARGE;
    *out = value;
    return NUMERAL_FINE;
}

enum numeral numeral_signed(const char *text, int64_t least, int64_t most, int64_t *out)
{
    uint64_t number;
    if (*text == '-' && numeral_is_digits(text + 1))
        return read_negative(text + 1, least, most, out);
    if (!numeral_is_digits(text))
        return fault_of(text);
    if (most < 0)
        return NUMERAL_LARGE;
    enum numeral fault = read_digits(text, strlen(text), 10, (uint64_t)most, &number);
    if (fault)
        return fault;
    if ((int64_t)number < least)
        return NUMERAL_SMALL;
    *out = (int64_t)number;
    return NUMERAL_FINE;
}

enum numeral numeral_octal(const char *text, unsigned most, unsigned *out)
{
    uint64_t number;
    if (!numeral_is_digits(text))
        return fault_of(text);
    if (text[strspn(text, "01234567")] != 0)
        return NUMERAL_OTHER;
    enum numeral fault = read_digits(text, strlen(text), 8, most, &number);
    if (fault == NUMERAL_FINE)
        *out = (unsigned)number;
    return fault;
}

enum numeral numeral_bytes(const char *text, uint64_t most, uint64_t *out)
{
    static const char units[] = "KMG";
    size_t size = strspn(text, digits);
    const char *unit = size > 0 && text[size] ? strchr(units, text[size]) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    uint64_t number;
    if (!unit)
        return numeral_unsigned(text, most, out);
    if (text[size + 1] != 0)
        return NUMERAL_OTHER;
    enum numeral fault = read_digits(text, size, 10, most >> shift, &number);
    if (fault == NUMERAL_FINE)
        *out = number << shift;
    return fault;
}

/* A word that strtod(3) knows too, in whatever case. */
static bool is_word(const char *text, const char *word)
{
    return strcasecmp(text + (*text == '-'), word) == 0;
}

enum numeral numeral_real(const char *text, double *out)
{
    const char *begin = text + (*text == '-');
    char *end;
    if (*text == 0)
        return NUMERAL_EMPTY;
    if (is_word(text, "nan"))
        return NUMERAL_NAN;
    if (is_word(text, "inf") || is_word(text, "infinity")) {
        *out = *text == '-' ? -INFINITY : INFINITY;
        return NUMERAL_FINE;
    }
    /* strtod(3) would take blanks, a plus and 0x as well */
    if (strspn(begin, "0123456789.eE+-") != strlen(begin) || !strpbrk(begin, digits) ||
        !strchr("0123456789.", *begin))
        return NUMERAL_OTHER;
    double number = strtod(text, &end);
    if (*end != 0)
        return NUMERAL_OTHER;
    if (isinf(number))
        return number < 0 ? NUMERAL_SMALL : NUMERAL_LARGE;
    *out = number;
    return NUMERAL_FINE;
}
