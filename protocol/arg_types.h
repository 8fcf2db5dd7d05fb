/*
 * The reader of each parameter type: one value of the wire into one argument.
 *
 * Private to the folder; args.h is what others use.
 */
#ifndef PROTOCOL_ARG_TYPES_H
#define PROTOCOL_ARG_TYPES_H

#include "protocol/args.h"

/* Reads the next value if it is right; otherwise it is false, the view has not moved, and the
 * argument is not to be used. */
typedef bool (*arg_read_fn)(struct view *view, struct arg *arg);

/* By type; NULL for METHOD_TYPE_REST, and METHOD_TYPE_WHAT reads all but its map form. */
extern const arg_read_fn arg_readers[METHOD_TYPE_COUNT];

/* The reader of a key of read's map {limit, delimiter}, whose argument gathers them; NULL if that
 * is no such key. The manual has synonyms for both. */
arg_read_fn arg_what_reader(const char *key, size_t size);

bool arg_read_limit(struct view *view, struct arg *arg);
bool arg_read_str(struct view *view, struct arg *arg);
bool arg_read_timeout(struct view *view, struct arg *arg);

/* Reads the value of one of METHOD_SETTINGS into its place. False: it is none. */
bool arg_read_setting(struct view *view, enum method_option option, struct arg_settings *settings);

#endif
