/*
 * Files of text that people write: scripts and configurations.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What is no program's text is longer, in bytes. */
#define FILE_SCRIPT_MAX ((size_t)16 << 20)

/* The file's bytes, to be freed. Waits for nothing: whatever is no regular file is refused
 * (-EISDIR, -EINVAL), and so is what has more than `most` bytes (-EFBIG); otherwise what open(2)
 * and read(2) say, and -ENOMEM. */
int file_read(const char *path, size_t most, char **text, size_t *size);

/* The same of a pipe or a terminal too, up to its end, for which it waits. */
int file_read_any(const char *path, size_t most, char **text, size_t *size);

/*
 * An open file of our own behind a descriptor that writes to a pipe or a terminal, which others
 * share and may block on: ours does not block. -1: it is something else, or cannot be had.
 */
int file_reopen(int fd);

/* Whether file_read could open it. */
bool file_is_regular(const char *path);
