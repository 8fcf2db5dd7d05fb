/*
 * The threads of the resolver: getaddrinfo(3), getnameinfo(3) and gethostbyname(3), as long as they
 * take.
 *
 * The loop's side hands questions over and takes them back with their answers; in between they are
 * the threads'. An eventfd tells of answers. What both sides share ends with the last thread.
 */
#pragma once

#include "util/list.h"

#include <netdb.h>
#include <sys/socket.h>

struct lookup_threads;

/* At the very beginning of a block of malloc(3), whose rest is the asker's. */
struct question {
    struct list link;
    char *host, *service;
    bool has_hints, reverse;
    bool entry; /* of host, which becomes all its names, and service its IPv4 addresses */
    struct addrinfo hints;
    struct sockaddr_storage address; /* of a reverse one, which finds host and service */
    socklen_t address_length;
    int flags;
    int result; /* 0 or a negative error (util/error.h) */
    struct addrinfo *list;
};

/* Frees the block. */
void question_free(struct question *question);

/* `count` threads at most, which are started as questions come. NULL: no memory, no descriptor. */
struct lookup_threads *lookup_threads_new(unsigned count);

/* Readable when there are answers. */
int lookup_threads_fd(const struct lookup_threads *threads);

/* Takes the question over. -ENOMEM, -EAGAIN: there is no thread, and it is the caller's still. */
int lookup_threads_ask(struct lookup_threads *threads, struct question *question);

/* Whether the question has not been begun: it is the caller's again. */
bool lookup_threads_withdraw(struct lookup_threads *threads, struct question *question);

/* Appends those that have their answer to the list: they are the caller's. */
void lookup_threads_take(struct lookup_threads *threads, struct list *answered);

/*
 * Forgets the questions. Threads at rest are waited for, which takes a moment: libc frees what a
 * thread has allocated for itself at the very end of it, and the process might be over first. A
 * question may take long; its thread is on its own, and ends after it.
 */
void lookup_threads_end(struct lookup_threads *threads);
