/*
 * JSON there and back. See json.h.
 */
#include "client/ctl/json.h"

#include "client/ctl/base64.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char base64_key[] = "base64";

json_t *json_of_bytes(const char *data, size_t size)
{
    errno = 0;
    json_t *text = json_stringn(size > 0 ? data : "", size); /* NULL if it is not UTF-8 */

    if (text || errno == ENOMEM)
        return text;
    char *encoded = base64_encode(data, size);
    json_t *object = encoded ? json_pack("{s:s}", base64_key, encoded) : NULL;
    free(encoded);
    return object;
}

static json_t *of_data(const struct sockd_value *value)
{
    const char *data = "";
    size_t size = 0;

    sockd_value_data(value, &data, &size);
    return json_of_bytes(data, size);
}

/* JSON has no infinities and no number beyond the others; null stands for them. */
static json_t *of_number(const struct sockd_value *value)
{
    int64_t integer;
    double number = 0;

    if (sockd_value_int(value, &integer))
        return json_integer(integer);
    sockd_value_double(value, &number);
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *of_array(const struct sockd_value *value)
{
    json_t *array = json_array();

    for (size_t i = 0; array && i < sockd_value_count(value); i++) {
        if (json_array_append_new(array, json_of_value(sockd_value_at(value, i))) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* json_dumps(3) returns a text with gaps where there was no memory for a key. */
struct text {
    char *data;
    size_t size, room;
    bool failed;
};

static int add_to_text(const char *data, size_t size, void *context)
{
    struct text *text = (struct text *)context;
    size_t needed = text->size + size + 1;

    if (text->failed)
        return -1; /* it is told so often enough */
    if (needed > text->room) {
        size_t room = needed * 2;
        char *grown = (char *)realloc(text->data, room);
        text->failed = !grown;
        if (text->failed)
            return -1;
        text->data = grown;
        text->room = room;
    }
    memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = '\0';
    return 0;
}

char *json_text(const json_t *json)
{
    struct text text = {.data = NULL};

    if (!json)
        return NULL;
    if (json_dump_callback(json, add_to_text, &text, JSON_COMPACT | JSON_ENCODE_ANY) == 0 &&
        !text.failed)
        return text.data;
    free(text.data);
    return NULL;
}

/* A key is text in JSON; what is no text becomes that by its own JSON. */
static char *key_of(const struct sockd_value *key)
{
    json_t *json = json_of_value(key);
    const char *string = json_string_value(json);
    char *text = NULL;

    if (string && strlen(string) == json_string_length(json))
        text = strdup(string);
    else
        text = json_text(json);
    json_decref(json);
    return text;
}

static bool set_pair(json_t *object, const struct sockd_value *key, const struct sockd_value *value)
{
    char *name = key_of(key);
    json_t *json = json_of_value(value);

    bool set = name && json && json_object_set(object, name, json) == 0;

    json_decref(json);
    free(name);
    return set;
}

static json_t *of_map(const struct sockd_value *value)
{
    json_t *object = json_object();

    for (size_t i = 0; object && i < sockd_value_count(value); i++) {
        if (!set_pair(object, sockd_value_key(value, i), sockd_value_at(value, i))) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

json_t *json_of_value(const struct sockd_value *value)
{
    bool boolean = false;

    switch (sockd_value_type(value)) {
    case SOCKD_NIL:
        return json_null();
    case SOCKD_BOOL:
        sockd_value_bool(value, &boolean);
        return json_boolean(boolean);
    case SOCKD_INT:
    case SOCKD_DOUBLE:
        return of_number(value);
    case SOCKD_STR:
    case SOCKD_BYTES:
        return of_data(value);
    case SOCKD_ARRAY:
        return of_array(value);
    case SOCKD_MAP:
        return of_map(value);
    }
    return NULL;
}

static void add(struct sockd_args *args, json_t *json);

/* True, and appended, if the object is {"base64": "…"}. */
static bool add_base64(struct sockd_args *args, const json_t *object)
{
    const char *text = json_string_value(json_object_get(object, base64_key));
    size_t size;

    if (!text || json_object_size(object) != 1)
        return false;
    void *data = base64_decode(text, &size);
    if (data)
        sockd_args_bytes(args, data, size);
    free(data);
    return data != NULL;
}

static void add_object(struct sockd_args *args, json_t *object)
{
    if (add_base64(args, object))
        return;
    sockd_args_map(args, (uint32_t)json_object_size(object));
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        sockd_args_text(args, json_object_iter_key(at));
        add(args, json_object_iter_value(at));
    }
}

static void add_array(struct sockd_args *args, json_t *array)
{
    size_t count = json_array_size(array);

    sockd_args_array(args, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        add(args, json_array_get(array, i));
}

/* The depth is bounded by jansson's parser. */
static void add(struct sockd_args *args, json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        add_object(args, json);
        break;
    case JSON_ARRAY:
        add_array(args, json);
        break;
    case JSON_STRING:
        sockd_args_str(args, json_string_value(json), json_string_length(json));
        break;
    case JSON_INTEGER:
        sockd_args_int(args, json_integer_value(json));
        break;
    case JSON_REAL:
        sockd_args_double(args, json_real_value(json));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        sockd_args_bool(args, json_is_true(json));
        break;
    case JSON_NULL:
        sockd_args_nil(args);
        break;
    }
}

bool json_add(struct sockd_args *args, const char *text, json_error_t *error)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, error);

    if (!json)
        return false;
    add(args, json);
    json_decref(json);
    return true;
}
