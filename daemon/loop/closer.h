/*
 * Closing descriptors without waiting: close(2) may wait for as long as the file wants, and whose
 * file it is decides that. A socket waits for its peer (SO_LINGER), also one that lies in the queue
 * of a unix socket; a file system in user space waits for its server. So what others have made,
 * and may have prepared, is closed by threads.
 *
 * There is one of it in a process. All calls come from one thread.
 */
#pragma once

#include <stdbool.h>

/* Closes the descriptor soon; it is the closer's from now on. Without memory for that it is closed
 * at once. */
void closer_close(int fd);

/* A socket of our own, in whose queue there may be somebody's descriptors: only then by a thread.
 */
void closer_close_queue(int fd);

/* The same as the first for CLEANUP; negative: nothing. */
void closer_closep(const int *fd);

/* For the end of the program: waits a little until all are closed, and ends the threads. False: a
 * file still has not let go, and its thread is left to itself. */
bool closer_finish(void);
