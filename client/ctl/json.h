/*
 * JSON there and back: the arguments of call, the answers with --json.
 *
 * Bytes that are no UTF-8 text are an object {"base64": "…"}, in both directions.
 */
#ifndef CTL_JSON_H
#define CTL_JSON_H

#include <sockd/args.h>
#include <sockd/value.h>

#include <jansson.h>

/* The value as JSON, for the caller to json_decref(); NULL for lack of memory. */
json_t *json_of_value(const struct sockd_value *value);

/* Its text on one line, to be freed. NULL: no memory, or `json` is NULL. */
char *json_text(const json_t *json);

/* Bytes as JSON, likewise. */
json_t *json_of_bytes(const char *data, size_t size);

/* Appends the value that the text is in JSON. False, and nothing appended, if it is none; then
 * error says why. */
bool json_add(struct sockd_args *args, const char *text, json_error_t *error);

#endif
