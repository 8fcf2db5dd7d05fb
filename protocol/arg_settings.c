/*
 * The settings of a handle: name, share, lifetime, ttl. See arg_types.h.
 */
#include "protocol/arg_types.h"

#include <math.h>
#include <string.h>

/* The empty name is none. */
static bool read_name(struct view *view, struct arg_settings *settings)
{
    struct arg_bytes *name = &settings->name;

    return view_str(view, &name->data, &name->size) &&
           (name->size == 0 || args_is_name(name->data, name->size));
}

/* One of two words; true is the second. */
static bool read_word(struct view *view, const char *const words[2], bool *second)
{
    const char *data;
    size_t size;

    if (!view_str(view, &data, &size))
        return false;
    for (int i = 0; i < 2; i++) {
        if (strlen(words[i]) == size && memcmp(words[i], data, size) == 0) {
            *second = i == 1;
            return true;
        }
    }
    return false;
}

/* No end at all is the same as none given. */
static bool read_ttl(struct view *view, struct arg_settings *settings)
{
    struct arg arg;

    if (!arg_read_timeout(view, &arg) || arg.number <= 0)
        return false;
    settings->ttl = isinf(arg.number) ? 0 : arg.number;
    return true;
}

bool arg_read_setting(struct view *view, enum method_option option, struct arg_settings *settings)
{
    static const char *const shares[2] = {"none", "group"};
    static const char *const lifetimes[2] = {"daemon", "client"};

    switch (option) {
    case METHOD_OPTION_NAME:
        return read_name(view, settings);
    case METHOD_OPTION_SHARE:
        return read_word(view, shares, &settings->shared);
    case METHOD_OPTION_LIFETIME:
        return read_word(view, lifetimes, &settings->tied);
    case METHOD_OPTION_TTL:
        return read_ttl(view, settings);
    case METHOD_OPTION_TIMEOUT:
        break;
    }
    return false;
}
