/*
 * What goes to standard output: data as it is, other results one value a line, or JSON.
 *
 * On a terminal, whatever came from elsewhere is escaped unless --raw was given. What stands in a
 * line among others is escaped anywhere, for anybody may give a socket whose name forges lines.
 */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include "client/ctl/ctl.h"
#include "protocol/methods.h"

#include <jansson.h>

/* Bytes and nothing else. */
void output_bytes(struct ctl *ctl, const char *data, size_t size);

/* A text, escaped if need be, and nothing else. */
void output_text(struct ctl *ctl, const char *text);

/* One value on one line: text with its control characters escaped, addresses as host:port, what is
 * nested as JSON. */
void output_line(struct ctl *ctl, const struct sockd_value *value);

/* JSON on one line; the reference is consumed. NULL is a lack of memory. 0, or CTL_FAILED after a
 * message. */
int output_json(struct ctl *ctl, json_t *json);

/* An address, a map with host and port: "127.0.0.1:80", "[::1]:80", "unix/:/path". False if the
 * value is none. */
bool output_format_address(const struct sockd_value *value, char *text, size_t size);

/* A method's result as the table describes it. 0, CTL_END if it says that the stream ended, or
 * CTL_FAILED after a message. */
int output_result(struct ctl *ctl, enum method_result type, const struct sockd_value *value);

/* What was printed so far goes out; a failure is told at the end. */
void output_flush(struct ctl *ctl);

/* Ends the output. The status, or CTL_FAILED if something could not be written: quietly if nobody
 * reads it any more. */
int output_finish(struct ctl *ctl, int status);

#endif
