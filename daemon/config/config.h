/*
 * The configuration file: Lua whose only use is to call `sockd.cfg{option = value, …}`.
 *
 * It runs once, before anything else is there, in a small machine of its own that has tables,
 * strings and numbers but nothing that reaches out of it; what it may take of time and memory is
 * bounded, so that a broken or hostile file is refused like any other mistake.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct options;

/*
 * Sets the options that the text sets; no more than the text is looked at. `name` is the file's,
 * for messages. 0; -EINVAL with "name:line: option: what was expected" in `reason`, one line that a
 * terminal can stand; -ENOMEM.
 */
int config_parse(struct options *options, const char *name, const char *text, size_t size,
                 char *reason, size_t reason_size);

/* The same of a file, which must be a regular one of at most a megabyte. */
int config_load(struct options *options, const char *path, char *reason, size_t reason_size);

/* Whether a text of Lua is a configuration file: it names sockd.cfg. */
bool config_recognize(const char *text, size_t size);

/* The number of the last line in which the text gives `key` a value, or 0: what is said of a value
 * is said of that line. Comments and strings do not count. */
unsigned config_line_of(const char *text, size_t size, const char *key);
