/* Constants by name; see symbols.h. */
#include "rpc/symbols.h"

#include "net/address.h"
#include "util/error.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* Longer than any of them. */
#define SYMBOL_MAX 32

static const struct {
    const char *name;
    int number;
} flags[] = {
    {"OOB", MSG_OOB},           {"PEEK", MSG_PEEK},         {"DONTROUTE", MSG_DONTROUTE},
    {"TRUNC", MSG_TRUNC},       {"DONTWAIT", MSG_DONTWAIT}, {"EOR", MSG_EOR},
    {"WAITALL", MSG_WAITALL},   {"CONFIRM", MSG_CONFIRM},   {"ERRQUEUE", MSG_ERRQUEUE},
    {"NOSIGNAL", MSG_NOSIGNAL}, {"MORE", MSG_MORE},
};

/* POSIX's names, and what Tarantool takes. */
static const struct {
    const char *name;
    int number;
} directions[] = {
    {"RD", SHUT_RD}, {"R", SHUT_RD},     {"READ", SHUT_RD}, {"RECV", SHUT_RD},    {"WR", SHUT_WR},
    {"W", SHUT_WR},  {"WRITE", SHUT_WR}, {"SEND", SHUT_WR}, {"RECEIVE", SHUT_RD},
};

#define SYMBOL_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* As a terminated string; false if it cannot be one of the names. */
static bool symbol_copy(const struct arg_bytes *bytes, char out[SYMBOL_MAX])
{
    if (bytes->size >= SYMBOL_MAX || memchr(bytes->data, 0, bytes->size))
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
    int number = symbol_copy(&arg->bytes, name) ? by_name(name) : -1;
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
    if (arg->kind != ARG_BYTES || !symbol_copy(&arg->bytes, text))
        return SHUT_RDWR;
    const char *name = strncasecmp(text, "SHUT_", 5) == 0 ? text + 5 : text;
    for (size_t i = 0; i < SYMBOL_COUNT(directions); i++)
        if (strcasecmp(name, directions[i].name) == 0)
            return directions[i].number;
    return SHUT_RDWR;
}

static int symbol_flag(const struct arg_bytes *bytes)
{
    char text[SYMBOL_MAX];
    if (!symbol_copy(bytes, text))
        return -EINVAL;
    const char *name = strncmp(text, "MSG_", 4) == 0 ? text + 4 : text;
    for (size_t i = 0; i < SYMBOL_COUNT(flags); i++)
        if (strcmp(name, flags[i].name) == 0)
            return flags[i].number;
    return -EINVAL;
}

static int symbol_flag_list(const struct arg *arg)
{
    struct view view = arg->list.value;
    int result = 0;
    for (uint32_t i = 0; i < arg->list.count; i++) {
        struct arg_bytes name = {0};
        if (!view_str(&view, &name.data, &name.size))
            return -EINVAL;
        int flag = symbol_flag(&name);
        if (flag < 0)
            return flag;
        result |= flag;
    }
    return result;
}

static int symbol_known_flags(int64_t number)
{
    int64_t known = 0;
    for (size_t i = 0; i < SYMBOL_COUNT(flags); i++)
        known |= flags[i].number;
    return number >= 0 && (number & ~known) == 0 ? (int)number : -EINVAL;
}

int symbol_flags(const struct arg *arg)
{
    switch (arg->kind) {
    case ARG_INTEGER:
        return symbol_known_flags(arg->integer);
    case ARG_BYTES:
        return symbol_flag(&arg->bytes);
    case ARG_LIST:
        return symbol_flag_list(arg);
    default:
        return 0;
    }
}
