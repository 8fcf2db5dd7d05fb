/*
 * The caller's paths. See caller_path.h.
 */
#include "client/ctl/caller_path.h"

#include "client/ctl/params.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char unix_host[] = "unix/";
static const char unix_url[] = "unix/:";

bool caller_path_is(const struct method *method, const struct method_param *param, const char *host)
{
    if (param->type == METHOD_TYPE_PORT)
        return host && strcmp(host, unix_host) == 0;
    return method == &methods[METHOD_sockd_load] && param->type == METHOD_TYPE_STR;
}

/* How much of the text stands before a relative path; -1: there is none. */
static int before_path(const struct command *command, const struct method *method,
                       const struct method_param *param, const char *text)
{
    size_t size = sizeof unix_url - 1;
    bool is_url = method == &methods[METHOD_tcp_connect] && param->type == METHOD_TYPE_HOST &&
                  strncmp(text, unix_url, size) == 0;
    if (!is_url && !caller_path_is(method, param, params_text(command, method, "host")))
        return -1;
    const char *path = is_url ? text + size : text;
    bool abstract = path[0] == '@' && param->type != METHOD_TYPE_STR;
    return path[0] == 0 || path[0] == '/' || abstract ? -1 : (int)(path - text);
}

int caller_path(const struct ctl *ctl, const struct command *command, const struct method *method,
                const struct method_param *param, const char *text, char **out)
{
    *out = NULL;
    if (ctl->host || ctl->daemon_path)
        return 0;
    int before = before_path(command, method, param, text);
    if (before < 0)
        return 0;
    char *folder = getcwd(NULL, 0);
    if (!folder)
        return -errno;
    const char *slash = strcmp(folder, "/") == 0 ? "" : "/";
    int size = asprintf(out, "%.*s%s%s%s", before, text, folder, slash, text + before);
    free(folder);
    if (size >= 0)
        return 0;
    *out = NULL;
    return -ENOMEM;
}
