/*
 * Entries with fields for systemd's journal, in its native protocol: one datagram for each
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL). libsystemd's sd_journal_send(3) waits when the journal does
 * not keep up, which a daemon's loop must not; this never does.
 */
#pragma once

#include <stddef.h>
#include <sys/un.h>

#define JOURNAL_PATH "/run/systemd/journal/socket"

struct journal {
    int fd; /* -1: not open */
    struct sockaddr_un address;
};

struct journal_field {
    const char *name; /* of capital letters, digits and `_` */
    const char *value;
    size_t size;
};

/* At most so many make an entry. */
enum { JOURNAL_FIELDS = 16 };

/* Finds the journal at that path: a negative errno if nothing can be sent there. */
int journal_open(struct journal *journal, const char *path);
void journal_close(struct journal *journal);

/* 0; -EAGAIN: the journal does not keep up; or why else the kernel did not take the entry. */
int journal_send(const struct journal *journal, const struct journal_field *fields, size_t count);
