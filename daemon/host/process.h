/*
 * What concerns the process as a whole: its limits, its standard descriptors, the signals that
 * must not kill it, and the proof at its end that it kept no descriptor.
 */
#pragma once

#include <stdbool.h>

/*
 * To be called once, before anything else: opens /dev/null in the place of a closed standard
 * descriptor (so that no socket ever gets number 2 and the log with it), ignores SIGPIPE, raises
 * the soft limit of descriptors to the hard one, and remembers what is open.
 */
void process_prepare(void);

/* What the process is called in /proc/PID/comm: at most 15 bytes. */
void process_set_name(const char *name);

/* Whether a descriptor above standard error was open at the start and nothing of the program's own
 * has adopted it. */
bool process_is_inherited(int fd);

/* A descriptor that was open before process_prepare and is the program's own now, to be closed at
 * its end, like the control socket that was passed in. */
void process_adopt(int fd);

/* The contrary: a descriptor that stays open to the end, like the log's. Negative: none. */
void process_keep(int fd);

/* The process is about to end by itself: SIGHUP, which would only end it with another status, waits
 * from now on. */
void process_leave(void);

/* Logs the descriptors that are open now and were not at the start; returns how many. */
int process_check_descriptors(void);
