/*
 * Files of text that people write: scripts and configurations.
 */
#pragma once

#include <stddef.h>

/* The file's bytes, to be freed. Waits for nothing: whatever is no regular file is refused
 * (-EISDIR, -EINVAL), and so is what has more than `most` bytes (-EFBIG); otherwise what open(2)
 * and read(2) say, and -ENOMEM. */
int file_read(const char *path, size_t most, char **text, size_t *size);
