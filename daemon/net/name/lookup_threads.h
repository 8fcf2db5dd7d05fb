/*
 * The threads of the resolver: getaddrinfo(3), getnameinfo(3) and gethostbyname(3), as long as they
 * take.
 *
 * A question first goes to a thread that only tells those which /etc/hosts answers from those which
 * may need a name service. The former have a thread of their own; so has, if need be, each asker:
 * the threads serve askers in turn, none of whom has more of them than `count`. A question that
 * nobody waits for any more gives its thread's place back, though not the thread, which may take
 * long yet: another is started instead, up to eight times as many.
 *
 * The loop's side hands questions over and takes them back with their answers; in between they are
 * the threads'. An eventfd tells of answers. What both sides share ends with the last thread.
 */
#pragma once

#include <stdbool.h>

struct list;
struct lookup_threads;
struct question;

/* `count` threads at most, which are started as questions come. NULL: errno
 * says why. */
struct lookup_threads *lookup_threads_new(unsigned count);

/* Readable when there are answers. */
int lookup_threads_fd(const struct lookup_threads *threads);

/* Takes the question over, whose asker is set. -ENOMEM, -EAGAIN: there is no thread, and it is the
 * caller's still. */
int lookup_threads_ask(struct lookup_threads *threads, struct question *question);

/* Nobody waits for the answer any more. Returns whether the question has not been begun: it is the
 * caller's again. */
bool lookup_threads_withdraw(struct lookup_threads *threads, struct question *question);

/* Appends those that have their answer to the list: they are the caller's. */
void lookup_threads_take(struct lookup_threads *threads, struct list *answered);

/*
 * Forgets the questions. Threads at rest are waited for, which takes a moment: libc frees what a
 * thread has allocated for itself at the very end of it, and the process might be over first. A
 * question may take long; its thread is on its own, and ends after it.
 */
void lookup_threads_end(struct lookup_threads *threads);
