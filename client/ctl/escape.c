/*
 * Escapes in both directions. See escape.h.
 */
#include "client/ctl/escape.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    int lower = tolower((unsigned char)c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
}

/* Reads up to so many digits of a number; how many there were. */
static size_t read_number(const char *text, int base, size_t most, unsigned *number)
{
    size_t count = 0;

    for (*number = 0; count < most && digit_of(text[count]) < base; count++)
        *number = *number * (unsigned)base + (unsigned)digit_of(text[count]);
    return count;
}

static bool read_simple(char letter, char *byte)
{
    static const char letters[] = "abefnrtv\\'\"";
    static const char bytes[] = "\a\b\033\f\n\r\t\v\\'\"";
    const char *at = letter ? strchr(letters, letter) : NULL;

    if (at)
        *byte = bytes[at - letters];
    return at != NULL;
}

/* Reads what follows a backslash; how many characters that is, 0 for what is no escape. */
static size_t read_escape(const char *text, char *byte)
{
    unsigned number;
    size_t count;

    if (read_simple(text[0], byte))
        return 1;
    if (text[0] == 'x') {
        count = read_number(text + 1, 16, 2, &number);
        *byte = (char)number;
        return count ? 1 + count : 0;
    }
    count = read_number(text, 8, 3, &number);
    *byte = (char)number;
    return count;
}

bool escape_decode(char *text, size_t *size)
{
    char *to = text;

    for (const char *from = text; *from;) {
        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        char byte;
        size_t count = read_escape(from + 1, &byte);
        if (count == 0)
            return false;
        from += 1 + count;
        *to++ = byte;
    }
    *size = (size_t)(to - text);
    return true;
}

/* How many bytes the character at data has by its first one; 0 if that cannot begin one. */
static size_t utf8_size(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

static bool continues(const uint8_t *bytes, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return false;
    }
    return true;
}

/* How many bytes may be shown as they are: one character, or 0. The control characters beyond
 * ASCII (U+0080 to U+009F) are as bad as those in it. */
static size_t printable(const uint8_t *bytes, size_t left)
{
    size_t size = utf8_size(bytes[0]);

    if (size == 1)
        return (bytes[0] >= 0x20 && bytes[0] != 0x7f) || bytes[0] == '\n' || bytes[0] == '\t';
    if (size == 0 || size > left || !continues(bytes, size))
        return 0;
    return bytes[0] == 0xc2 && bytes[1] < 0xa0 ? 0 : size;
}

/* The escape of one byte. */
static const char *escape_of(uint8_t byte, char room[8])
{
    static const char bytes[] = "\n\r\t", letters[] = "nrt";
    const char *at = byte ? strchr(bytes, byte) : NULL;

    if (at)
        snprintf(room, 8, "\\%c", letters[at - bytes]);
    else
        snprintf(room, 8, "\\x%02x", byte);
    return room;
}

void escape_line(char *text, size_t room, const char *data, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)data;
    size_t length = 0;

    for (size_t i = 0; i < size;) {
        char escaped[8];
        size_t count = bytes[i] == '\n' || bytes[i] == '\t' ? 0 : printable(bytes + i, size - i);
        const char *piece = count ? data + i : escape_of(bytes[i], escaped);
        size_t width = count ? count : strlen(escaped);
        if (width >= room - length)
            break;
        memcpy(text + length, piece, width);
        length += width;
        i += count ? count : 1;
    }
    text[length] = 0;
}

void escape_print(FILE *stream, const char *data, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)data;

    for (size_t i = 0; i < size;) {
        size_t count = printable(bytes + i, size - i);
        if (count > 0)
            fwrite(bytes + i, 1, count, stream);
        else if (bytes[i] == '\r')
            fputs("\\r", stream);
        else
            fprintf(stream, "\\x%02x", bytes[i]);
        i += count ? count : 1;
    }
}
