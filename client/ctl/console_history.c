/*
 * The console's history. See console_history.h.
 */
#include "client/ctl/console_history.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { STATEMENTS = 1000 };

static bool find_path(char *path, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int length = -1;

    if (state && state[0] == '/')
        length = snprintf(path, size, "%s/sockctl/history", state);
    else if (home)
        length = snprintf(path, size, "%s/.local/state/sockctl/history", home);
    return length > 0 && (size_t)length < size;
}

/* Makes the folders that the path goes through, as far as they are not there. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
}

History *console_history_open(void)
{
    History *list = history_init();
    char path[PATH_MAX];
    HistEvent event;

    if (!list)
        return NULL;
    history(list, &event, H_SETSIZE, STATEMENTS);
    history(list, &event, H_SETUNIQUE, 1);
    if (find_path(path, sizeof path))
        history(list, &event, H_LOAD, path);
    return list;
}

void console_history_add(History *list, const char *statement)
{
    HistEvent event;

    if (statement[strspn(statement, " \t\n")])
        history(list, &event, H_ENTER, statement);
}

void console_history_close(History *list)
{
    char path[PATH_MAX];
    HistEvent event;

    if (find_path(path, sizeof path)) {
        mode_t mask = umask(077);
        make_folders(path);
        history(list, &event, H_SAVE, path);
        umask(mask);
    }
    history_end(list);
}
