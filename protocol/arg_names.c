/* What may name a handle. See args.h. */
#include "protocol/args.h"
#include "protocol/limits.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool args_is_reference(const char *data, size_t size)
{
    size_t digits = 0;

    while (digits < size && data[digits] >= '0' && data[digits] <= '9')
        digits++;
    if (digits > 0 && digits < size && data[digits] == ':')
        return args_is_name(data + digits + 1, size - digits - 1);
    return args_is_name(data, size);
}

bool args_is_name(const char *data, size_t size)
{
    if (size == 0 || size > LIMIT_NAME || !is_letter(data[0]))
        return false;
    for (size_t i = 1; i < size; i++) {
        if (!is_letter(data[i]) && !(data[i] >= '0' && data[i] <= '9') && data[i] != '.' &&
            data[i] != '-')
            return false;
    }
    return true;
}
