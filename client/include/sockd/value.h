/*
 * A value in the daemon's answer, to be read only.
 *
 * A value, and all that one points to, belongs to the client it came from and lives until that
 * client's next call. Every function takes NULL for a value that is not there.
 */
#ifndef SOCKD_VALUE_H
#define SOCKD_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sockd_value;

enum sockd_type {
    SOCKD_NIL, /* also of NULL */
    SOCKD_BOOL,
    SOCKD_INT,
    SOCKD_DOUBLE,
    SOCKD_STR,   /* text */
    SOCKD_BYTES, /* any bytes */
    SOCKD_ARRAY,
    SOCKD_MAP,
};

enum sockd_type sockd_value_type(const struct sockd_value *value);

/* Each is true and sets the result if the value is of that type. An integer beyond int64_t is only
 * to be had as a double; a double takes every number. */
bool sockd_value_bool(const struct sockd_value *value, bool *result);
bool sockd_value_int(const struct sockd_value *value, int64_t *result);
bool sockd_value_double(const struct sockd_value *value, double *result);

/* Of SOCKD_STR and SOCKD_BYTES. The data is not terminated. */
bool sockd_value_data(const struct sockd_value *value, const char **data, size_t *size);

/* How many elements an array has, or pairs a map; 0 of anything else. */
size_t sockd_value_count(const struct sockd_value *value);

/* An array's element or a map's value, by index from 0; NULL beyond the last. */
const struct sockd_value *sockd_value_at(const struct sockd_value *value, size_t index);

/* A map's key, by index from 0; NULL beyond the last. */
const struct sockd_value *sockd_value_key(const struct sockd_value *value, size_t index);

/* A map's value under that key; NULL if there is none. */
const struct sockd_value *sockd_value_get(const struct sockd_value *value, const char *key);

#ifdef __cplusplus
}
#endif

#endif
