/* Lists of script files; see scripts.h. */
#include "scripts/script_list.h"

#include "util/cleanup.h"
#include "util/error.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void scripts_deinit(struct scripts *scripts)
{
    for (size_t i = 0; i < scripts->count; i++)
        free(scripts->paths[i]);
    free(scripts->paths);
    *scripts = (struct scripts){NULL, 0};
}

/* Consumes the string; NULL stands for one that could not be had. */
static int scripts_take(struct scripts *scripts, char *path)
{
    CLEANUP(freep) char *taken = path;
    char **paths = reallocarray(scripts->paths, scripts->count + 1, sizeof *paths);
    if (paths == NULL || taken == NULL) {
        scripts->paths = paths != NULL ? paths : scripts->paths;
        return -ENOMEM;
    }
    scripts->paths = paths;
    paths[scripts->count++] = STEAL(taken);
    return 0;
}

int scripts_add(struct scripts *scripts, const char *path)
{
    return scripts_take(scripts, strdup(path));
}

/* A file that is not there has only its path. */
static bool is_same_file(const char *a, const char *b)
{
    struct stat first, second;
    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

bool scripts_has(const struct scripts *scripts, const char *path)
{
    for (size_t i = 0; i < scripts->count; i++)
        if (is_same_file(scripts->paths[i], path))
            return true;
    return false;
}

static int scripts_add_new(struct scripts *scripts, const char *path)
{
    return scripts_has(scripts, path) ? 0 : scripts_add(scripts, path);
}

static int is_script(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".lua") == 0;
}

static int find_in_folder(struct scripts *scripts, const char *folder)
{
    struct dirent **entries;
    char path[PATH_MAX];
    int count = scandir(folder, &entries, is_script, alphasort);
    int error = count < 0 ? -errno : 0;
    for (int i = 0; i < count; i++) {
        if (snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name) >= (int)sizeof path)
            error = -ENAMETOOLONG;
        if (error == 0)
            error = scripts_add_new(scripts, path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return error;
}

int scripts_find(struct scripts *scripts, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return find_in_folder(scripts, path);
    return scripts_add_new(scripts, path);
}
