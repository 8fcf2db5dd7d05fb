/*
 * What goes to standard error, and the exit status that belongs to it.
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include "client/ctl/ctl.h"

/* The command line is wrong: "sockctl: read: …", and where to find help. Returns CTL_USAGE. */
int report_usage(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The last call failed: says so and returns its exit status. */
int report_error(const struct ctl *ctl);

/* That call failed. Returns its exit status. */
int report_failure(const struct ctl *ctl, const struct sockd_error *error);

/* What a notification tells of an error: a map with errno, name and message. Returns CTL_FAILED. */
int report_details(const struct ctl *ctl, const struct sockd_value *details);

/* The connection to the daemon was lost. error is negative. Returns CTL_UNREACHABLE. */
int report_lost(const struct ctl *ctl, int error);

/* The daemon could not be reached: says so, and what to do about it. error is negative. Returns
 * CTL_UNREACHABLE. */
int report_unreachable(const struct ctl *ctl, int error);

/* Something here failed: "sockctl: read: standard output: No space left on device". error is
 * negative. Returns CTL_FAILED. */
int report_local(const struct ctl *ctl, const char *what, int error);

/* Returns CTL_FAILED. */
int report_memory(const struct ctl *ctl);

/* --version, on standard output. */
void report_version(void);

#endif
