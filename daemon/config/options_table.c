/* The table of options, and how the text of a value becomes a field and back. */
#include "config/options_table.h"

#include "base/numeral.h"
#include "rpc/access.h"
#include "util/error.h"
#include "util/nearest.h"

#include <grp.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- how fields are set ---- */

static void *field(struct options *options, const struct options_row *row)
{
    return (char *)options + row->offset;
}

static const void *field_of(const struct options *options, const struct options_row *row)
{
    return (const char *)options + row->offset;
}

static int set_text(struct options *options, const struct options_row *row, const char *value)
{
    if (*value == 0)
        return -EINVAL;
    *(const char **)field(options, row) = value;
    return 0;
}

static int set_flag(struct options *options, const struct options_row *row, const char *value)
{
    bool on = !strcmp(value, "true");
    if (!on && strcmp(value, "false") != 0)
        return -EINVAL;
    *(bool *)field(options, row) = on;
    return 0;
}

/* The row's offset is the command. */
static int set_command(struct options *options, const struct options_row *row, const char *value)
{
    (void)value;
    options->command = (enum options_command)row->offset;
    return 0;
}

static int add_load(struct options *options, const struct options_row *row, const char *value)
{
    (void)row;
    if (*value == 0)
        return -EINVAL;
    const char **grown = reallocarray(options->load, options->load_count + 1, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    options->load = grown;
    options->load[options->load_count++] = value;
    return 0;
}

static int add_allow(struct options *options, const struct options_row *row, const char *value)
{
    int bit = access_privilege_parse(value);
    if (bit < 0)
        return bit;
    *(unsigned *)field(options, row) |= 1u << bit;
    return 0;
}

static int set_level(struct options *options, const struct options_row *row, const char *value)
{
    int level = log_level_parse(value);
    if (level < 0)
        return level;
    *(enum log_level *)field(options, row) = (enum log_level)level;
    return 0;
}

static int set_seconds(struct options *options, const struct options_row *row, const char *value)
{
    double seconds;
    if (numeral_real(value, &seconds) != NUMERAL_FINE || !isfinite(seconds) || seconds < 0)
        return -EINVAL;
    *(double *)field(options, row) = seconds;
    return 0;
}

static int set_some_seconds(struct options *options, const struct options_row *row,
                            const char *value)
{
    double before = *(double *)field(options, row);
    int result = set_seconds(options, row, value);
    if (result == 0 && *(double *)field(options, row) == 0) {
        *(double *)field(options, row) = before;
        result = -EINVAL;
    }
    return result;
}

/* A whole number above 0, perhaps with K, M or G for powers of 1024. */
static int set_number(struct options *options, const struct options_row *row, const char *value)
{
    uint64_t number;
    if (numeral_bytes(value, SIZE_MAX, &number) != NUMERAL_FINE || number == 0)
        return -EINVAL;
    *(size_t *)field(options, row) = (size_t)number;
    return 0;
}

static int set_mode(struct options *options, const struct options_row *row, const char *value)
{
    unsigned mode;
    if (numeral_octal(value, 0777, &mode) != NUMERAL_FINE)
        return -EINVAL;
    *(mode_t *)field(options, row) = (mode_t)mode;
    return 0;
}

/* A name of the group database or a number. */
static int set_group(struct options *options, const struct options_row *row, const char *value)
{
    const struct group *entry = getgrnam(value);
    if (entry) {
        *(gid_t *)field(options, row) = entry->gr_gid;
        return 0;
    }
    uint64_t number;
    if (numeral_unsigned(value, (gid_t)-1 - 1, &number) != NUMERAL_FINE)
        return -EINVAL;
    *(gid_t *)field(options, row) = (gid_t)number;
    return 0;
}

/* ---- how fields are read ---- */

static void get_text(const struct options *options, const struct options_row *row,
                     struct options_value *value)
{
    value->text = *(const char *const *)field_of(options, row);
    value->type = value->text ? OPTIONS_TEXT : OPTIONS_NOTHING;
}

static void get_flag(const struct options *options, const struct options_row *row,
                     struct options_value *value)
{
    value->boolean = *(const bool *)field_of(options, row);
    value->type = OPTIONS_BOOLEAN;
}

static void get_load(const struct options *options, const struct options_row *row,
                     struct options_value *value)
{
    (void)row;
    value->items = options->load;
    value->count = options->load_count;
    value->type = OPTIONS_LIST;
}

static void get_allow(const struct options *options, const struct options_row *row,
                      struct options_value *value)
{
    _Static_assert(ACCESS_PRIVILEGES <= sizeof value->names / sizeof value->names[0], "");
    value->items = value->names;
    value->count = access_privilege_names(*(const unsigned *)field_of(options, row), value->names);
    value->type = OPTIONS_LIST;
}

static void get_level(const struct options *options, const struct options_row *row,
                      struct options_value *value)
{
    value->text = log_level_name(*(const enum log_level *)field_of(options, row));
    value->type = OPTIONS_TEXT;
}

static void get_seconds(const struct options *options, const struct options_row *row,
                        struct options_value *value)
{
    value->number = *(const double *)field_of(options, row);
    value->type = OPTIONS_NUMBER;
}

static void get_number(const struct options *options, const struct options_row *row,
                       struct options_value *value)
{
    size_t number = *(const size_t *)field_of(options, row);
    value->number = (double)number;
    value->type = number > 0 ? OPTIONS_NUMBER : OPTIONS_NOTHING;
}

static void get_mode(const struct options *options, const struct options_row *row,
                     struct options_value *value)
{
    snprintf(value->room, sizeof value->room, "%04o",
             (unsigned)*(const mode_t *)field_of(options, row));
    value->text = value->room;
    value->type = OPTIONS_TEXT;
}

static void get_group(const struct options *options, const struct options_row *row,
                      struct options_value *value)
{
    value->number = *(const gid_t *)field_of(options, row);
    value->type = OPTIONS_NUMBER;
}

/* ---- the kinds of values ---- */

static const struct options_kind kind_path = {"a path", OPTIONS_TEXT, set_text, get_text};
static const struct options_kind kind_command = {NULL, OPTIONS_NOTHING, set_command, NULL};
static const struct options_kind kind_allow = {"one of " ACCESS_NAMES, OPTIONS_TEXT | OPTIONS_LIST,
                                               add_allow, get_allow};
static const struct options_kind kind_level = {"error, warn, info, verbose or debug", OPTIONS_TEXT,
                                               set_level, get_level};
static const struct options_kind kind_seconds = {"a number of seconds, 0 or more", OPTIONS_NUMBER,
                                                 set_seconds, get_seconds};
static const struct options_kind kind_some_seconds = {"a number of seconds above 0", OPTIONS_NUMBER,
                                                      set_some_seconds, get_seconds};
static const struct options_kind kind_number = {"a whole number above 0, perhaps with K, M or G",
                                                OPTIONS_NUMBER | OPTIONS_TEXT, set_number,
                                                get_number};
/* 0660 without quotes would be the number 660 to Lua. */
static const struct options_kind kind_mode = {"an octal mode up to 0777, such as \"0660\"",
                                              OPTIONS_TEXT, set_mode, get_mode};
static const struct options_kind kind_group = {"a group's name or number",
                                               OPTIONS_TEXT | OPTIONS_NUMBER, set_group, get_group};

const struct options_kind options_kind_flag = {"true or false", OPTIONS_BOOLEAN, set_flag,
                                               get_flag};
const struct options_kind options_kind_load = {"a path, or a list of them",
                                               OPTIONS_TEXT | OPTIONS_LIST, add_load, get_load};

/* ---- the table ---- */

#define AT(member) offsetof(struct options, member)

enum {
    SERVE = OPTIONS_IN_SERVE | OPTIONS_IN_FILE,
    BOTH = OPTIONS_IN_SERVE | OPTIONS_IN_RUN | OPTIONS_IN_FILE,
    ANYWHERE = OPTIONS_IN_SERVE | OPTIONS_IN_RUN | OPTIONS_IN_CHECK,
};

const struct options_row options_rows[] = {
    {"config", "FILE", OPTIONS_IN_SERVE | OPTIONS_IN_CHECK, &kind_path, AT(config), 0, NULL, NULL,
     "the configuration file, which may set the options below; the command line goes before it"},
    {"socket", "PATH", SERVE, &kind_path, AT(socket_path), 0, NULL, "/run/sockd/sockd.sock",
     "where the control socket is; without it $SOCKD_SOCKET, else "
     "$XDG_RUNTIME_DIR/sockd/sockd.sock "
     "or, as root or without that, /run/sockd/sockd.sock"},
    {"state-dir", "DIR", SERVE, &kind_path, AT(state_dir), 0, NULL, "/var/lib/sockd",
     "where the numbers of sockets are noted that were never given, so that none is given again "
     "after a reboot; without it $STATE_DIRECTORY, and for the default socket also /var/lib/sockd "
     "or, for users, $XDG_STATE_HOME/sockd"},
    {"socket-mode", "MODE", SERVE, &kind_mode, AT(socket_mode), AT(has_socket_mode), NULL, "0660",
     "who may connect to it; 0660 with a socket group, otherwise 0600"},
    {"socket-group", "GROUP", SERVE, &kind_group, AT(socket_group), AT(has_socket_group), NULL,
     "users", "the group of the control socket"},
    {"admin-group", "GROUP", SERVE, &kind_group, AT(admin_group), AT(has_admin_group), NULL, "adm",
     "members may touch all sockets and use what lends the daemon's own rights, as root and the "
     "daemon's own user may"},
    {"allow", "NAME", SERVE, &kind_allow, AT(allow), 0, NULL, "unix",
     "let every client do what is otherwise for administrators: " ACCESS_NAMES "; repeatable"},
    {"load", "FILE|DIR", SERVE, &options_kind_load, AT(load), 0, NULL, "/etc/sockd/handlers",
     "run this handler script at the start, or those of the folder (*.lua, by name); repeatable"},
    {"load-timeout", "SECONDS", SERVE, &kind_some_seconds, AT(load_timeout), 0, "30", NULL,
     "how long scripts that are loaded while the daemon runs may take until they have returned"},
    {"jit", NULL, BOTH, &options_kind_flag, AT(jit), 0, "false", NULL,
     "compile Lua to machine code: faster loops, but a handler that never waits cannot be stopped"},
    {"ffi", NULL, SERVE | OPTIONS_IN_CHECK, &options_kind_flag, AT(ffi), 0, "false", NULL,
     "let handler scripts load ffi and C modules, which can do anything to the daemon"},
    {"nonblock", NULL, BOTH, &options_kind_flag, AT(nonblock), 0, "false", NULL,
     "new Lua sockets start non-blocking, as Tarantool's do"},
    {"lua-memory", "BYTES", BOTH, &kind_number, AT(lua_memory), 0, "512M", NULL,
     "what Lua may hold"},
    {"handler-cpu", "SECONDS", BOTH, &kind_some_seconds, AT(handler_cpu), 0, "5", NULL,
     "how long a fiber may run without waiting before it is stopped; of run: as --cpu"},
    {"cpu", "SECONDS", OPTIONS_IN_RUN, &kind_some_seconds, AT(handler_cpu), 0, NULL, "60",
     "how long a fiber of the script may run without waiting before it is stopped; without it, for "
     "as long as it likes"},
    {"grace-c", "SECONDS", BOTH, &kind_some_seconds, AT(grace_c), 0, "0.1", NULL,
     "how long a fiber may run within a call of C that cannot make room for others, and after its "
     "cancellation, before it gets an error"},
    {"pattern-steps", "N", BOTH, &kind_number, AT(pattern_steps), 0, "10M", NULL,
     "comparisons that one match of a Lua pattern may take before it is stopped"},
    {"log-level", "LEVEL", BOTH, &kind_level, AT(log_level), 0, "info", NULL,
     "how much to log: error, warn, info, verbose or debug"},
    {"handler-log", "N", SERVE, &kind_number, AT(handler_log), 0, "300", NULL,
     "lines a second that a handler may log, and thirty times as many at once; what is beyond is "
     "counted"},
    {"hang", "SECONDS", SERVE, &kind_seconds, AT(hang), 0, "2", NULL,
     "end, for a service manager to start another one, when nobody was served for so long; 0: "
     "never"},
    {"grace", "SECONDS", SERVE, &kind_seconds, AT(grace), 0, "5", NULL,
     "how long to let handlers and requests finish after SIGTERM"},
    {"max-sockets", "N", BOTH, &kind_number, AT(max_sockets), 0, NULL, "10000",
     "sockets open at once; without it, what the limit of descriptors leaves"},
    {"max-readahead", "BYTES", BOTH, &kind_number, AT(max_readahead), 0, "16M", NULL,
     "bytes that a read may gather while its delimiter does not come"},
    {"quota-clients", "N", SERVE, &kind_number, AT(quota.most[QUOTA_CLIENTS]), 0, NULL, "512",
     "connections to the control socket that one user may have; without it half of the descriptors "
     "that are kept for them, at most 512"},
    {"quota-sockets", "N", SERVE, &kind_number, AT(quota.most[QUOTA_SOCKETS]), 0, NULL, "65536",
     "sockets that one user's clients may have; without it three quarters of what there may be, at "
     "most 65536"},
    {"quota-requests", "N", SERVE, &kind_number, AT(quota.most[QUOTA_REQUESTS]), 0, "16384", NULL,
     "requests that one user may have in flight"},
    {"quota-bytes", "BYTES", SERVE, &kind_number, AT(quota.most[QUOTA_BYTES]), 0, "256M", NULL,
     "bytes that are held for one user's clients"},
    {"quota-fibers", "N", SERVE, &kind_number, AT(quota.most[QUOTA_FIBERS]), 0, "262144", NULL,
     "connections and calls of one user that Lua may serve at once; more wait, or are refused"},
    {"quota-lookups", "N", SERVE, &kind_number, AT(quota.most[QUOTA_LOOKUPS]), 0, "1024", NULL,
     "names that are looked up at once for one user's clients"},
    {"help", NULL, ANYWHERE, &kind_command, OPTIONS_HELP, 0, NULL, NULL, "print this and exit"},
    {"version", NULL, ANYWHERE, &kind_command, OPTIONS_VERSION, 0, NULL, NULL,
     "print the version and exit"},
};

const size_t options_row_count = sizeof options_rows / sizeof options_rows[0];

/* ---- what is done with a row ---- */

int options_set(struct options *options, const struct options_row *row, const char *value)
{
    int result = row->kind->set(options, row, value);
    if (result == 0 && row->given > 0)
        *((bool *)options + row->given) = true;
    return result;
}

void options_get(const struct options *options, const struct options_row *row,
                 struct options_value *value)
{
    value->type = OPTIONS_NOTHING;
    bool given = row->given == 0 || *((const bool *)options + row->given);
    if (given && row->kind->get)
        row->kind->get(options, row, value);
}

const struct options_row *options_find(const char *name, size_t length)
{
    for (size_t i = 0; i < options_row_count; i++) {
        const char *own = options_rows[i].name;
        if (strlen(own) == length && memcmp(own, name, length) == 0)
            return &options_rows[i];
    }
    return NULL;
}

const char *options_suggest(const char *name, size_t length, unsigned where)
{
    struct nearest nearest;
    nearest_init(&nearest, name, length);
    for (size_t i = 0; i < options_row_count; i++)
        if (options_rows[i].where & where)
            nearest_offer(&nearest, options_rows[i].name);
    return nearest.best;
}

const char *options_key(const struct options_row *row, char out[OPTIONS_NAME])
{
    size_t length = strnlen(row->name, OPTIONS_NAME - 1);
    for (size_t i = 0; i < length; i++)
        out[i] = row->name[i] == '-' ? '_' : row->name[i];
    out[length] = 0;
    return out;
}

/* ---- life ---- */

struct options_kept {
    struct options_kept *next;
    char text[];
};

const char *options_keep(struct options *options, const char *text, size_t length)
{
    struct options_kept *kept = malloc(sizeof *kept + length + 1);
    if (!kept)
        return NULL;
    memcpy(kept->text, text, length);
    kept->text[length] = 0;
    kept->next = options->kept;
    options->kept = kept;
    return kept->text;
}

int options_init(struct options *options)
{
    *options = (struct options){.command = OPTIONS_SERVE};
    for (size_t i = 0; i < options_row_count; i++) {
        const struct options_row *row = &options_rows[i];
        int result = row->fallback ? options_set(options, row, row->fallback) : 0;
        if (result < 0)
            return result;
    }
    return 0;
}

void options_deinit(struct options *options)
{
    free(options->load);
    options->load = NULL;
    options->load_count = 0;
    for (struct options_kept *kept; (kept = options->kept) != NULL;) {
        options->kept = kept->next;
        free(kept);
    }
}
