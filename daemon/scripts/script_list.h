/*
 * Lists of script files: which a path stands for, and which are in a list already.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct scripts {
    char **paths;
    size_t count;
};

void scripts_deinit(struct scripts *scripts);

/* Appends a copy. -ENOMEM. */
int scripts_add(struct scripts *scripts, const char *path);

/*
 * Appends what the path stands for, but for what is in the list already under whatever name: the
 * file, or of a folder all *.lua in order of their names. A file need not exist. -ENOMEM, and what
 * opendir(3) says.
 */
int scripts_find(struct scripts *scripts, const char *path);

/* Whether the file is in the list, under whatever name. */
bool scripts_has(const struct scripts *scripts, const char *path);
