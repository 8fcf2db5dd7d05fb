/* Constants by name; see symbols.h. */
#include "rpc/method/symbols.h"

#include "net/option.h"

#include "loop/loop.h"
#include "net/address.h"
#include "net/flags.h"
#include "util/error.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* Longer than any of them. */
#define SYMBOL_MAX 32

/* POSIX's names, and what Tarantool takes. */
static const struct {
    const char *name;
    int number;
} directions[] = {
    {"RD", SHUT_RD}, {"R", SHUT_RD},     {"READ", SHUT_RD}, {"RECV", SHUT_RD},    {"WR", SHUT_WR},
    {"W", SHUT_WR},  {"WRITE", SHUT_WR}, {"SEND", SHUT_WR}, {"RECEIVE", SHUT_RD},
};

#define SYMBOL_COUNT(table) (sizeof(table) / sizeof((table)[0]))

bool symbol_text(const struct arg_bytes *bytes, char *out, size_t room)
{
    if (bytes->size >= room || memchr(bytes->data, 0, bytes->size))
        return false;
    memcpy(out, bytes->data, bytes->size);
    out[bytes->size] = 0;
    return true;
}

static int symbol_look_up(const struct arg *arg, int (*by_name)(const char *name), int unknown)
{
    char name[SYMBOL_MAX];
    if (arg->kind == ARG_INTEGER)
        return arg->integer >= 0 && arg->integer <= INT32_MAX ? (int)arg->integer : unknown;
    int number = symbol_text(&arg->bytes, name, sizeof name) ? by_name(name) : -1;
    return number >= 0 ? number : unknown;
}

int symbol_domain(const struct arg *arg)
{
    return symbol_look_up(arg, address_family, -EINVAL);
}

int symbol_type(const struct arg *arg)
{
    return symbol_look_up(arg, address_type, -EINVAL);
}

int symbol_protocol(const struct arg *arg)
{
    return arg->kind == ARG_ABSENT ? 0 : symbol_look_up(arg, address_protocol, -EPROTOTYPE);
}

int symbol_shutdown(const struct arg *arg)
{
    char text[SYMBOL_MAX];
    if (arg->kind == ARG_INTEGER)
        return arg->integer == SHUT_RD || arg->integer == SHUT_WR ? (int)arg->integer : SHUT_RDWR;
    if (arg->kind != ARG_BYTES || !symbol_text(&arg->bytes, text, sizeof text))
        return SHUT_RDWR;
    const char *name = strncasecmp(text, "SHUT_", 5) == 0 ? text + 5 : text;
    for (size_t i = 0; i < SYMBOL_COUNT(directions); i++)
        if (strcasecmp(name, directions[i].name) == 0)
            return directions[i].number;
    return SHUT_RDWR;
}

int symbol_level(const struct arg *arg)
{
    return symbol_look_up(arg, option_level, -EPROTOTYPE);
}

unsigned symbol_events(const struct arg *arg)
{
    if (arg->kind == ARG_INTEGER)
        return (unsigned)arg->integer & (LOOP_READ | LOOP_WRITE);
    unsigned events = 0;
    for (size_t i = 0; i < arg->bytes.size; i++)
        events |= strchr("Rr", arg->bytes.data[i]) ? LOOP_READ : LOOP_WRITE;
    return events;
}

/* ---- flags ---- */

/* The prefix of all names of a table, "MSG_", may be left out. */
static int symbol_flag(const struct arg_bytes *bytes, const struct named_number *table)
{
    char text[SYMBOL_MAX];
    if (!symbol_text(bytes, text, sizeof text))
        return -EINVAL;
    size_t prefix = (size_t)(strchr(table->name, '_') - table->name) + 1;
    size_t skip = strncmp(text, table->name, prefix) == 0 ? 0 : prefix;
    for (; table->name; table++)
        if (strcmp(text, table->name + skip) == 0)
            return table->number;
    return -EINVAL;
}

static int symbol_flag_list(const struct arg *arg, const struct named_number *table)
{
    struct view view = arg->list.value;
    int result = 0;
    for (uint32_t i = 0; i < arg->list.count; i++) {
        struct arg_bytes name = {0};
        if (!view_str(&view, &name.data, &name.size))
            return -EINVAL;
        int flag = symbol_flag(&name, table);
        if (flag < 0)
            return flag;
        result |= flag;
    }
    return result;
}

static int symbol_known_flags(int64_t number, const struct named_number *table)
{
    int64_t known = 0;
    for (; table->name; table++)
        known |= table->number;
    return number >= 0 && (number & ~known) == 0 ? (int)number : -EINVAL;
}

static int symbol_any_flags(const struct arg *arg, const struct named_number *table)
{
    switch (arg->kind) {
    case ARG_INTEGER:
        return symbol_known_flags(arg->integer, table);
    case ARG_BYTES:
        return symbol_flag(&arg->bytes, table);
    case ARG_LIST:
        return symbol_flag_list(arg, table);
    default:
        return 0;
    }
}

int symbol_flags(const struct arg *arg)
{
    return symbol_any_flags(arg, message_flags);
}

int symbol_lookup_flags(const struct arg *arg)
{
    return symbol_any_flags(arg, lookup_flags);
}
