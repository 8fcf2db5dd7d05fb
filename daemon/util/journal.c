/* Entries for the journal; see journal.h. */
#include "util/journal.h"

#include "util/error.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int journal_open(struct journal *journal, const char *path)
{
    journal->fd = -1;
    journal->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t size = strlen(path) + 1;
    if (size > sizeof journal->address.sun_path)
        return -ENAMETOOLONG;
    memcpy(journal->address.sun_path, path, size);
    if (access(path, W_OK) < 0)
        return -errno;
    journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return journal->fd < 0 ? -errno : 0;
}

void journal_close(struct journal *journal)
{
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
}

static size_t put(struct iovec *part, const void *data, size_t size)
{
    *part = (struct iovec){(void *)(uintptr_t)data, size};
    return 1;
}

/* "NAME=value\n"; a value with a line break in it is preceded by its length instead. */
static size_t put_field(struct iovec *parts, const struct journal_field *field, uint64_t *length)
{
    size_t count = put(parts, field->name, strlen(field->name));
    if (memchr(field->value, '\n', field->size)) {
        *length = htole64(field->size);
        count += put(parts + count, "\n", 1);
        count += put(parts + count, length, sizeof *length);
    } else {
        count += put(parts + count, "=", 1);
    }
    count += put(parts + count, field->value, field->size);
    return count + put(parts + count, "\n", 1);
}

int journal_send(const struct journal *journal, const struct journal_field *fields, size_t count)
{
    struct iovec parts[JOURNAL_FIELDS * 5];
    uint64_t lengths[JOURNAL_FIELDS];
    size_t used = 0;
    CHECK(count <= JOURNAL_FIELDS);
    for (size_t i = 0; i < count; i++)
        used += put_field(parts + used, &fields[i], &lengths[i]);
    struct sockaddr_un address = journal->address;
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = parts, .msg_iovlen = used};
    ssize_t sent;
    do
        sent = sendmsg(journal->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}
