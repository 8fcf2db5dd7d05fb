/*
 * `sockd check [option…] file…`: mistakes in handler scripts and configuration files, found without
 * running them.
 */
#pragma once

struct options;

/* Prints "file:line: what is wrong" for each on standard output. The exit status: 0 if there is
 * nothing wrong, 1 otherwise; failures of the system are logged. */
int check_files(const struct options *options);
