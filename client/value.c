/*
 * The values of an answer. See sockd/value.h.
 *
 * A value is msgpack-c's object by another name, so that no header of it is needed to use one.
 */
#include <sockd/value.h>

#include <msgpack/object.h>
#include <string.h>

static const msgpack_object *object_of(const struct sockd_value *value)
{
    return (const msgpack_object *)value;
}

static const struct sockd_value *value_of(const msgpack_object *object)
{
    return (const struct sockd_value *)object;
}

enum sockd_type sockd_value_type(const struct sockd_value *value)
{
    if (!value)
        return SOCKD_NIL;
    switch (object_of(value)->type) {
    case MSGPACK_OBJECT_BOOLEAN:
        return SOCKD_BOOL;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return SOCKD_INT;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return SOCKD_DOUBLE;
    case MSGPACK_OBJECT_STR:
        return SOCKD_STR;
    case MSGPACK_OBJECT_BIN:
        return SOCKD_BYTES;
    case MSGPACK_OBJECT_ARRAY:
        return SOCKD_ARRAY;
    case MSGPACK_OBJECT_MAP:
        return SOCKD_MAP;
    default:
        return SOCKD_NIL;
    }
}

bool sockd_value_bool(const struct sockd_value *value, bool *result)
{
    if (sockd_value_type(value) != SOCKD_BOOL)
        return false;
    *result = object_of(value)->via.boolean;
    return true;
}

bool sockd_value_int(const struct sockd_value *value, int64_t *result)
{
    const msgpack_object *object = object_of(value);

    if (sockd_value_type(value) != SOCKD_INT)
        return false;
    if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER && object->via.u64 > INT64_MAX)
        return false;
    *result = object->via.i64;
    return true;
}

bool sockd_value_double(const struct sockd_value *value, double *result)
{
    const msgpack_object *object = object_of(value);
    enum sockd_type type = sockd_value_type(value);

    if (type == SOCKD_DOUBLE)
        *result = object->via.f64;
    else if (type == SOCKD_INT && object->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        *result = (double)object->via.u64;
    else if (type == SOCKD_INT)
        *result = (double)object->via.i64;
    else
        return false;
    return true;
}

bool sockd_value_data(const struct sockd_value *value, const char **data, size_t *size)
{
    enum sockd_type type = sockd_value_type(value);

    if (type == SOCKD_STR) {
        *data = object_of(value)->via.str.ptr;
        *size = object_of(value)->via.str.size;
    } else if (type == SOCKD_BYTES) {
        *data = object_of(value)->via.bin.ptr;
        *size = object_of(value)->via.bin.size;
    } else {
        return false;
    }
    return true;
}

size_t sockd_value_count(const struct sockd_value *value)
{
    enum sockd_type type = sockd_value_type(value);

    if (type == SOCKD_ARRAY)
        return object_of(value)->via.array.size;
    return type == SOCKD_MAP ? object_of(value)->via.map.size : 0;
}

const struct sockd_value *sockd_value_at(const struct sockd_value *value, size_t index)
{
    if (index >= sockd_value_count(value))
        return NULL;
    if (sockd_value_type(value) == SOCKD_ARRAY)
        return value_of(&object_of(value)->via.array.ptr[index]);
    return value_of(&object_of(value)->via.map.ptr[index].val);
}

const struct sockd_value *sockd_value_key(const struct sockd_value *value, size_t index)
{
    if (sockd_value_type(value) != SOCKD_MAP || index >= sockd_value_count(value))
        return NULL;
    return value_of(&object_of(value)->via.map.ptr[index].key);
}

const struct sockd_value *sockd_value_get(const struct sockd_value *value, const char *key)
{
    size_t wanted = strlen(key);
    const char *data;
    size_t size;

    if (sockd_value_type(value) != SOCKD_MAP)
        return NULL;
    for (size_t i = 0; i < sockd_value_count(value); i++) {
        if (sockd_value_type(sockd_value_key(value, i)) == SOCKD_STR &&
            sockd_value_data(sockd_value_key(value, i), &data, &size) && size == wanted &&
            memcmp(data, key, size) == 0)
            return sockd_value_at(value, i);
    }
    return NULL;
}
