/*
 * Parameters for sockd_request(), and values for the typed functions that take any: written one
 * after the other.
 *
 *     struct sockd_args *args = sockd_args_new();
 *     sockd_args_text(args, "return ...");
 *     sockd_args_map(args, 1);
 *     sockd_args_text(args, "key");
 *     sockd_args_int(args, 7);
 *
 * is two parameters, a text and a map. A failure for lack of memory is remembered and reported by
 * the call that uses them. The arguments belong to the caller, who may use them for several calls.
 */
#ifndef SOCKD_ARGS_H
#define SOCKD_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sockd_args;

/* NULL for lack of memory; the functions below take NULL and do nothing. */
struct sockd_args *sockd_args_new(void);
void sockd_args_free(struct sockd_args *args);

/* Forgets what was written, for another use. */
void sockd_args_clear(struct sockd_args *args);

void sockd_args_nil(struct sockd_args *args);
void sockd_args_bool(struct sockd_args *args, bool value);
void sockd_args_int(struct sockd_args *args, int64_t value);
void sockd_args_double(struct sockd_args *args, double value);

/* A terminated UTF-8 text; the same with its size; any bytes. The size is below 16 MiB. */
void sockd_args_text(struct sockd_args *args, const char *text);
void sockd_args_str(struct sockd_args *args, const char *data, size_t size);
void sockd_args_bytes(struct sockd_args *args, const void *data, size_t size);

/* An array of the next count values; a map of the next pairs of a key and a value each. */
void sockd_args_array(struct sockd_args *args, uint32_t count);
void sockd_args_map(struct sockd_args *args, uint32_t pairs);

#ifdef __cplusplus
}
#endif

#endif
