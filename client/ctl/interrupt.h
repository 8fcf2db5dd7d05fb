/*
 * SIGINT as a descriptor: whoever waits, waits for it too.
 */
#ifndef CTL_INTERRUPT_H
#define CTL_INTERRUPT_H

#include <stdbool.h>

/* Starts to catch SIGINT, unless it is ignored. The descriptor that is readable once it came; -1
 * if it is ignored or cannot be caught, then it does what it did. */
int interrupt_start(void);

/* Whether SIGINT came since interrupt_start(). */
bool interrupt_came(void);

/* Forgets that it came: what it was meant for has ended. */
void interrupt_clear(void);

/* Waits until the descriptor can be read. False if SIGINT came first. */
bool interrupt_wait_readable(int fd);

/* Waits for SIGINT, so many milliseconds. Whether it came. */
bool interrupt_wait(int milliseconds);

#endif
