/* What a peer sent, made harmless to read; see escape.h. */
#include "util/escape.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool escape_add_raw(struct escape *out, const char *text, size_t length)
{
    if (length > out->size - out->length)
        return false;
    memcpy(out->text + out->length, text, length);
    out->length += length;
    return true;
}

/* The length of the UTF-8 character at `text`, of which `left` bytes are there, if it is a whole,
 * shortest-form and printable one; 0 otherwise. The controls beyond ASCII, U+0080 to U+009F, are
 * not printable. */
static size_t printable_length(const unsigned char *text, size_t left)
{
    static const uint32_t least[] = {0, 0x20, 0xa0, 0x800, 0x10000};
    unsigned char first = text[0];
    if (first < 0x80)
        return first >= 0x20 && first != 0x7f;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length > left)
        return 0;
    uint32_t code = first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < least[length] || code > 0x10ffff || surrogate ? 0 : length;
}

static bool add_escaped(struct escape *out, unsigned char byte)
{
    static const char letters[] = "abtnvfr"; /* 7 to 13 */
    char escaped[5];
    if (byte >= 7 && byte <= 13)
        snprintf(escaped, sizeof escaped, "\\%c", letters[byte - 7]);
    else
        snprintf(escaped, sizeof escaped, "\\x%02x", byte);
    return escape_add_raw(out, escaped, strlen(escaped));
}

const char *escape_add(struct escape *out, const char *text, const char *end, char stop)
{
    while (text < end && (stop == 0 || *text != stop)) {
        size_t length = printable_length((const unsigned char *)text, (size_t)(end - text));
        bool fits =
            length > 0 ? escape_add_raw(out, text, length) : add_escaped(out, (unsigned char)*text);
        if (!fits)
            break;
        text += length > 0 ? length : 1;
    }
    return text;
}

void escape_add_text(struct escape *out, const char *text)
{
    escape_add(out, text, text + strlen(text), 0);
}
