/*
 * The method table as data. See methods.h and methods.tbl.
 */
#include "protocol/methods.h"

#include "methods_slots.h"
#include "protocol/methods_hash.h"

#include <string.h>

/* The words of methods.tbl. */
#define MAKES METHOD_SETTINGS
#define PAIRS (METHOD_SETTINGS & ~METHOD_OPTION_NAME)
#define SETS  METHOD_SETTINGS
#define REQ(name_, type_)                                             \
    {                                                                 \
        .name = #name_, .type = METHOD_TYPE_##type_, .required = true \
    }
#define OPT(name_, type_, fallback_)                                         \
    {                                                                        \
        .name = #name_, .type = METHOD_TYPE_##type_, .fallback = (fallback_) \
    }
#define REST(name_)                                                  \
    {                                                                \
        .name = #name_, .type = METHOD_TYPE_REST, .fallback = "none" \
    }
#define PARAMS(...)          \
    .params = {__VA_ARGS__}, \
    .count = sizeof((struct method_param[]){{0}, ##__VA_ARGS__}) / sizeof(struct method_param) - 1

enum { METHOD_READS = true, METHOD_CHANGES = false };

/* A timeout given as an option bounds what waits. */
#define OPTION_OF_WAIT(wait_) ((wait_) == METHOD_WAIT_WAITS ? METHOD_OPTION_TIMEOUT : 0)

const struct method methods[METHOD_COUNT] = {
#define METHOD(id, name_, level_, caller_, wait_, effect_, options_, result_, params_, doc_) \
    [METHOD_##id] = {                                                                        \
        .name = (name_),                                                                     \
        .name_size = sizeof(name_) - 1,                                                      \
        .level = (level_),                                                                   \
        .wait = METHOD_WAIT_##wait_,                                                         \
        .reads = METHOD_##effect_,                                                           \
        .caller = METHOD_CALLER_##caller_,                                                   \
        .options = (options_) | OPTION_OF_WAIT(METHOD_WAIT_##wait_),                         \
        .result = METHOD_RESULT_##result_,                                                   \
        .doc = (doc_),                                                                       \
        params_,                                                                             \
    },
#include "protocol/methods.tbl"
#undef METHOD
};

static const struct {
    const char *name;
    const char *expected;
} types[METHOD_TYPE_COUNT] = {
    [METHOD_TYPE_HANDLE] = {"handle", "a handle: a positive integer or a name"},
    [METHOD_TYPE_HOST] = {"host", "a host's name or address, \"unix/\", or 0 for all interfaces"},
    [METHOD_TYPE_PORT] = {"port", "a port from 0 to 65535, a service's name, or a path"},
    [METHOD_TYPE_SERVICE] = {"service", "a port from 0 to 65535, or a service's name"},
    [METHOD_TYPE_BYTES] = {"bytes", "bytes or a string"},
    [METHOD_TYPE_WHAT] = {"what", "a limit, a delimiter, or a map {limit, delimiter}"},
    [METHOD_TYPE_SIZE] = {"size", "a number of bytes, 0 or more"},
    [METHOD_TYPE_AMOUNT] = {"amount", "a number of bytes, 0 or more, however large"},
    [METHOD_TYPE_INT] = {"int", "an integer from -2147483648 to 2147483647"},
    [METHOD_TYPE_MSGID] = {"msgid", "an integer from 0 to 4294967295"},
    [METHOD_TYPE_BOOL] = {"bool", "a boolean"},
    [METHOD_TYPE_STR] = {"str", "a string"},
    [METHOD_TYPE_SYMBOL] = {"symbol", "a constant's name or number"},
    [METHOD_TYPE_FLAGS] = {"flags", "a number, a constant's name, or an array of such names"},
    [METHOD_TYPE_NAMES] = {"names", "a name, names with commas between, or an array of names"},
    [METHOD_TYPE_EVENTS] = {"events", "\"R\", \"W\" or \"RW\", or 1, 2 or 3"},
    [METHOD_TYPE_VALUE] = {"value", "a number, a boolean, a string, or an array"},
    [METHOD_TYPE_TIMEOUT] = {"timeout", "a number of seconds"},
    [METHOD_TYPE_HANDLER] = {"handler", "a function's name, source text, or a map {handler, name}"},
    [METHOD_TYPE_MAP] = {"map", "a map with strings for keys"},
    [METHOD_TYPE_REST] = {"rest", "any values"},
};

static const struct {
    const char *name;
    enum method_option option;
    const char *expected;
    const char *doc;
} options[] = {
    {"timeout", METHOD_OPTION_TIMEOUT, "a number of seconds", "how long the call may wait"},
    {"name", METHOD_OPTION_NAME, "a letter or _, then letters, digits, or any of _.-",
     "a name for the handle, unique among its owner's"},
    {"share", METHOD_OPTION_SHARE, "\"group\" or \"none\"",
     "group: members of the control socket's group may use the socket as its owner does"},
    {"lifetime", METHOD_OPTION_LIFETIME, "\"client\" or \"daemon\"",
     "client: the socket closes when the connection ends that says so"},
    {"ttl", METHOD_OPTION_TTL, "a number of seconds above 0",
     "the socket closes after so many seconds without use"},
};

const struct method *methods_find(const char *name, size_t size)
{
    if (size < METHODS_HASH_SHORTEST || size > UINT8_MAX)
        return NULL;
    uint8_t slot = hash_slots[methods_hash(name, size, hash_factor)];
    if (slot == EMPTY_SLOT)
        return NULL;
    const struct method *method = &methods[slot];
    return method->name_size == size && memcmp(method->name, name, size) == 0 ? method : NULL;
}

static bool same(const char *name, const char *bytes, size_t size)
{
    return strlen(name) == size && memcmp(name, bytes, size) == 0;
}

int methods_param(const struct method *method, const char *name, size_t size)
{
    for (int i = 0; i < method->count; i++) {
        if (same(method->params[i].name, name, size))
            return i;
    }
    return -1;
}

const char *methods_option_name(enum method_option option)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].option == option)
            return options[i].name;
    }
    return NULL;
}

const char *methods_option_expected(enum method_option option)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].option == option)
            return options[i].expected;
    }
    return NULL;
}

const char *methods_option_doc(enum method_option option)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].option == option)
            return options[i].doc;
    }
    return NULL;
}

unsigned methods_option(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (same(options[i].name, name, size))
            return options[i].option;
    }
    return 0;
}

const char *methods_type_name(enum method_type type)
{
    return types[type].name;
}

const char *methods_type_expected(enum method_type type)
{
    return types[type].expected;
}

static const struct {
    const char *name;
    const char *means;
} results[METHOD_RESULT_KINDS] = {
    [METHOD_RESULT_TRUE] = {"true", "true"},
    [METHOD_RESULT_BOOL] = {"bool", "a boolean"},
    [METHOD_RESULT_INT] = {"int", "an integer"},
    [METHOD_RESULT_COUNT] = {"count", "how many bytes were taken, an integer"},
    [METHOD_RESULT_TEXT] = {"text or nil", "a string, or nil"},
    [METHOD_RESULT_EVENTS] = {"events", "\"R\", \"W\", \"RW\", or \"\" when the time was over"},
    [METHOD_RESULT_ACTIVITY] = {"events or their number",
                                "as events, or 1, 2, 3, 0 for the same if a number was asked with"},
    [METHOD_RESULT_BYTES] = {"bytes", "bytes, perhaps none"},
    [METHOD_RESULT_BYTES_STATUS] = {"bytes, status",
                                    "an array: bytes, and \"eof\" at the end of the stream or nil"},
    [METHOD_RESULT_BYTES_FROM] = {"bytes, address or nil",
                                  "an array: bytes, and a map {host, family, port} or nil"},
    [METHOD_RESULT_ID] = {"id", "the new socket's number"},
    [METHOD_RESULT_ID_PAIR] = {"id, id", "an array: the numbers of both sockets"},
    [METHOD_RESULT_ID_ADDRESS] = {"id, address",
                                  "an array: the new socket's number, and an address"},
    [METHOD_RESULT_ADDRESS] = {"address", "a map {host, family, type, protocol, port}"},
    [METHOD_RESULT_MAP] = {"map", "a map"},
    [METHOD_RESULT_LENT] = {"map, descriptor",
                            "a map, and a descriptor (SCM_RIGHTS) on the first byte of the answer"},
    [METHOD_RESULT_LIST] = {"array of maps", "an array of maps"},
    [METHOD_RESULT_LINGER] = {"active, timeout", "an array: a boolean, and whole seconds"},
    [METHOD_RESULT_VALUE] = {"value", "an integer, a double, a string, a map, or nil"},
    [METHOD_RESULT_ANY] = {"any", "any value"},
};

const char *methods_result_name(enum method_result result)
{
    return results[result].name;
}

const char *methods_result_means(enum method_result result)
{
    return results[result].means;
}

const char *methods_caller_name(enum method_caller caller)
{
    static const char *const names[] = {
        [METHOD_CALLER_ANYONE] = "anyone",
        [METHOD_CALLER_OWNER] = "owner",
        [METHOD_CALLER_ADMIN] = "administrator",
    };

    return names[caller];
}
