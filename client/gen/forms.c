/*
 * What the types of the method table are in C. See forms.h.
 */
#include "forms.h"

#include <string.h>

static bool has_type(const struct method *method, enum method_type type)
{
    for (unsigned i = 0; i < method->count; i++) {
        if (method->params[i].type == type)
            return true;
    }
    return false;
}

bool forms_makes_sockets(const struct method *method)
{
    return method->result == METHOD_RESULT_ID || method->result == METHOD_RESULT_ID_PAIR ||
           method->result == METHOD_RESULT_ID_ADDRESS;
}

bool forms_is_unix(enum variant variant)
{
    return variant == UNIX || variant == UNIX_WITH;
}

/* What passes a descriptor is written by hand, in pass.c. */
static bool is_by_hand(const struct method *method)
{
    return strcmp(method->name, "sockd.take") == 0 || strcmp(method->name, "sockd.taken") == 0 ||
           strcmp(method->name, "sockd.give") == 0;
}

bool forms_has_variant(const struct method *method, enum variant variant)
{
    if (is_by_hand(method))
        return false;
    if ((variant == WITH || variant == UNIX_WITH) && !forms_makes_sockets(method))
        return false;
    if (forms_is_unix(variant))
        return has_type(method, METHOD_TYPE_HOST) && has_type(method, METHOD_TYPE_PORT);
    if (variant == WITH)
        return true;
    if (variant == INT)
        return has_type(method, METHOD_TYPE_VALUE);
    return variant == PLAIN || has_type(method, METHOD_TYPE_WHAT);
}

bool forms_has_timeout_option(const struct method *method)
{
    return (method->options & METHOD_OPTION_TIMEOUT) && !has_type(method, METHOD_TYPE_TIMEOUT);
}

bool forms_has_settings(const struct method *method, enum variant variant)
{
    return (method->options & METHOD_SETTINGS) &&
           (!forms_makes_sockets(method) || variant == WITH || variant == UNIX_WITH);
}

const char *forms_declaration(enum method_type type, enum variant variant)
{
    static const char *const plain[METHOD_TYPE_COUNT] = {
        [METHOD_TYPE_HANDLE] = "uint64_t %1$s",
        [METHOD_TYPE_HOST] = "const char *%1$s",
        [METHOD_TYPE_PORT] = "int %1$s",
        [METHOD_TYPE_SERVICE] = "const char *%1$s",
        [METHOD_TYPE_BYTES] = "const void *%1$s, size_t %1$s_size",
        [METHOD_TYPE_WHAT] = "size_t limit",
        [METHOD_TYPE_SIZE] = "size_t %1$s",
        [METHOD_TYPE_AMOUNT] = "int64_t %1$s",
        [METHOD_TYPE_INT] = "int %1$s",
        [METHOD_TYPE_MSGID] = "uint32_t %1$s",
        [METHOD_TYPE_BOOL] = "int %1$s",
        [METHOD_TYPE_STR] = "const char *%1$s",
        [METHOD_TYPE_SYMBOL] = "int %1$s",
        [METHOD_TYPE_FLAGS] = "int %1$s",
        [METHOD_TYPE_NAMES] = "const char *%1$s",
        [METHOD_TYPE_EVENTS] = "int %1$s",
        [METHOD_TYPE_VALUE] = "const struct sockd_args *%1$s",
        [METHOD_TYPE_TIMEOUT] = "double %1$s",
        [METHOD_TYPE_HANDLER] = "const char *%1$s",
        [METHOD_TYPE_MAP] = "const struct sockd_args *%1$s",
        [METHOD_TYPE_REST] = "const struct sockd_args *%1$s",
    };

    if (forms_is_unix(variant) && type == METHOD_TYPE_HOST)
        return NULL;
    if (forms_is_unix(variant) && type == METHOD_TYPE_PORT)
        return "const char *path";
    if (variant == UNTIL && type == METHOD_TYPE_WHAT)
        return "const void *delimiter, size_t delimiter_size, size_t limit";
    if (variant == INT && type == METHOD_TYPE_VALUE)
        return "int %1$s";
    return plain[type];
}

const char *forms_statement(enum method_type type, enum variant variant)
{
    static const char *const plain[METHOD_TYPE_COUNT] = {
        [METHOD_TYPE_HANDLE] = "call_handle(&call, %1$s);",
        [METHOD_TYPE_HOST] = "call_host(&call, %1$s);",
        [METHOD_TYPE_PORT] = "call_port(&call, %1$s);",
        [METHOD_TYPE_SERVICE] = "call_text_param(&call, %1$s);",
        [METHOD_TYPE_BYTES] = "call_data(&call, %1$s, %1$s_size);",
        [METHOD_TYPE_WHAT] = "call_size(&call, limit);",
        [METHOD_TYPE_SIZE] = "call_size(&call, %1$s);",
        [METHOD_TYPE_AMOUNT] = "call_amount(&call, %1$s);",
        [METHOD_TYPE_INT] = "call_int_param(&call, %1$s);",
        [METHOD_TYPE_MSGID] = "call_msgid(&call, %1$s);",
        [METHOD_TYPE_BOOL] = "call_flag(&call, %1$s);",
        [METHOD_TYPE_STR] = "call_text_param(&call, %1$s);",
        [METHOD_TYPE_SYMBOL] = "call_int_param(&call, %1$s);",
        [METHOD_TYPE_FLAGS] = "call_int_param(&call, %1$s);",
        [METHOD_TYPE_NAMES] = "call_text_param(&call, %1$s);",
        [METHOD_TYPE_EVENTS] = "call_int_param(&call, %1$s);",
        [METHOD_TYPE_VALUE] = "call_one(&call, %1$s);",
        [METHOD_TYPE_TIMEOUT] = "call_timeout(&call, %1$s);",
        [METHOD_TYPE_HANDLER] = "call_text_param(&call, %1$s);",
        [METHOD_TYPE_MAP] = "call_one(&call, %1$s);",
        [METHOD_TYPE_REST] = "call_rest(&call, %1$s);",
    };

    if (forms_is_unix(variant) && type == METHOD_TYPE_HOST)
        return "call_text_param(&call, \"unix/\");";
    if (forms_is_unix(variant) && type == METHOD_TYPE_PORT)
        return "call_text_param(&call, path);";
    if (variant == UNTIL && type == METHOD_TYPE_WHAT)
        return "call_until(&call, delimiter, delimiter_size, limit);";
    if (variant == INT && type == METHOD_TYPE_VALUE)
        return "call_int_param(&call, %1$s);";
    return plain[type];
}

static const struct form_result results[] = {
    [METHOD_RESULT_TRUE] = {"", "bool", "NULL"},
    [METHOD_RESULT_BOOL] = {", bool *result", "bool", "result"},
    [METHOD_RESULT_INT] = {", int64_t *result", "int", "result"},
    [METHOD_RESULT_COUNT] = {", size_t *sent", "count", "sent"},
    [METHOD_RESULT_TEXT] = {", const char **text", "text", "text"},
    [METHOD_RESULT_EVENTS] = {", int *events", "events", "events"},
    [METHOD_RESULT_ACTIVITY] = {", int *events", "events", "events"},
    [METHOD_RESULT_BYTES] = {", struct sockd_bytes *bytes", "bytes", "bytes"},
    [METHOD_RESULT_BYTES_STATUS] = {", struct sockd_bytes *bytes, bool *eof", "bytes_status",
                                    "bytes, eof"},
    [METHOD_RESULT_BYTES_FROM] = {", struct sockd_bytes *bytes, struct sockd_address *from",
                                  "bytes_from", "bytes, from"},
    [METHOD_RESULT_ID] = {", uint64_t *id", "id", "id"},
    [METHOD_RESULT_ID_PAIR] = {", uint64_t *first, uint64_t *second", "id_pair", "first, second"},
    [METHOD_RESULT_ID_ADDRESS] = {", uint64_t *id, struct sockd_address *address", "id_address",
                                  "id, address"},
    [METHOD_RESULT_ADDRESS] = {", struct sockd_address *address", "address", "address"},
    [METHOD_RESULT_MAP] = {", const struct sockd_value **value", "value", "value"},
    [METHOD_RESULT_LENT] = {", const struct sockd_value **value", "value", "value"},
    [METHOD_RESULT_LIST] = {", const struct sockd_value **value", "value", "value"},
    [METHOD_RESULT_LINGER] = {", bool *lingers, int *seconds", "linger", "lingers, seconds"},
    [METHOD_RESULT_VALUE] = {", const struct sockd_value **value", "value", "value"},
    [METHOD_RESULT_ANY] = {", const struct sockd_value **value", "value", "value"},
};

const struct form_result *forms_result(const struct method *method)
{
    return &results[method->result];
}

const char *forms_default(enum method_type type)
{
    switch (type) {
    case METHOD_TYPE_TIMEOUT:
        return "SOCKD_FOREVER";
    case METHOD_TYPE_SIZE:
        return "SOCKD_NO_LIMIT";
    case METHOD_TYPE_SERVICE:
    case METHOD_TYPE_NAMES:
    case METHOD_TYPE_HANDLER:
    case METHOD_TYPE_MAP:
    case METHOD_TYPE_REST:
        return "NULL";
    default:
        return "SOCKD_DEFAULT";
    }
}
