/* The configuration file: what it may say, what it may not do, and what a mistake is answered. */
#include "config/config.h"

#include "config/options.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct options options;
static char reason[256];

static int parse_bytes(const char *text, size_t size)
{
    options_deinit(&options);
    cr_assert_eq(options_init(&options), 0);
    reason[0] = 0;
    return config_parse(&options, "file", text, size, reason, sizeof reason);
}

static int parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void accepted(const char *text)
{
    cr_assert_eq(parse(text), 0, "%s: %s", text, reason);
}

static void refused(const char *text, const char *why)
{
    cr_assert_eq(parse(text), -EINVAL, "%s", text);
    cr_assert_str_eq(reason, why);
}

static void done(void)
{
    options_deinit(&options);
}

TestSuite(config, .fini = done);

Test(config, values_have_their_natural_types)
{
    accepted(
        "sockd.cfg{socket = '/a', socket_mode = '0666', socket_group = 'root', admin_group = 7, "
        "jit = true, lua_memory = 64 * 1024 * 1024, quota_bytes = '3G', grace = 0.5, "
        "log_level = 'debug', load = {'x', 'y'}}");
    cr_assert_str_eq(options.socket_path, "/a");
    cr_assert_eq(options.socket_mode, 0666);
    cr_assert(options.has_socket_mode && options.has_socket_group && options.has_admin_group);
    cr_assert_eq(options.admin_group, 7);
    cr_assert(options.jit);
    cr_assert_eq(options.lua_memory, 64u << 20);
    cr_assert_eq(options.quota.most[QUOTA_BYTES], (size_t)3 << 30);
    cr_assert_eq(options.grace, 0.5);
    cr_assert_eq(options.log_level, LOG_DEBUG);
    cr_assert_eq(options.load_count, 2);
    cr_assert_str_eq(options.load[1], "y");
}

Test(config, it_is_lua)
{
    accepted("local folder = '/srv'\nlocal load = {}\n"
             "for i, name in ipairs{'a', 'b'} do load[i] = ('%s/%s.lua'):format(folder, name) end\n"
             "sockd.cfg{load = load, grace = math.max(1, 2)}\nsockd.cfg{grace = 7}");
    cr_assert_str_eq(options.load[1], "/srv/b.lua");
    cr_assert_eq(options.grace, 7, "what is said later holds");
    accepted("");
    accepted("# a first line as of a script\n");
}

Test(config, a_wrong_value_is_named_with_its_line)
{
    refused("sockd.cfg{\n  jit = false,\n  -- grace = 1\n  grace = 'soon',\n}",
            "file:4: grace: expected a number of seconds, 0 or more, got 'soon'");
    refused("sockd.cfg{grace = -1}", "file:1: grace: expected a number of seconds, 0 or more, got "
                                     "'-1'");
    refused("sockd.cfg{grace = 0/0}", "file:1: grace: expected a number of seconds, 0 or more, got "
                                      "'nan'");
    refused("sockd.cfg{jit = 'yes'}", "file:1: jit: expected true or false, got 'yes'");
    refused("sockd.cfg{socket = 5}", "file:1: socket: expected a path, got '5'");
    refused("sockd.cfg{socket = 'a\\0b'}", "file:1: socket: expected a path, got 'a'");
    refused("sockd.cfg{socket_mode = 0660}", "file:1: socket_mode: expected an octal mode up to "
                                             "0777, such as \"0660\", got '660'");
    refused("sockd.cfg{max_sockets = 1.5}", "file:1: max_sockets: expected a whole number above 0, "
                                            "perhaps with K, M or G, got '1.5'");
    refused("\nsockd.cfg{load = {'a', 5}}", "file:2: load: expected a path, or a list of them, got "
                                            "'5'");
    refused("sockd.cfg{load = {x = 'a'}}",
            "file:1: load: expected a path, or a list of them, got a "
            "table");
    refused("sockd.cfg{log_level = {}}",
            "file:1: log_level: expected error, warn, info, verbose or "
            "debug, got a table");
    refused("local t = {}\nt.grace = {}\nsockd.cfg(t)",
            "file:2: grace: expected a number of seconds, 0 or more, got a table");
}

Test(config, an_unknown_option_is_answered_with_the_nearest)
{
    refused("sockd.cfg{\nmax_socket = 1}", "file:2: unknown option max_socket; did you mean "
                                           "max_sockets?");
    refused("sockd.cfg{['log-level'] = 'info'}", "file:1: unknown option log-level; did you mean "
                                                 "log_level?");
    refused("sockd.cfg{zzzzzz = 1, yyyyyy = 2}", "file:1: unknown option yyyyyy");
    refused("sockd.cfg{config = 'x'}", "file:1: unknown option config");
    refused("sockd.cfg{help = true}", "file:1: unknown option help");
    refused("sockd.cfg{'x'}", "file:1: sockd.cfg: expected option = value, got 'x'");
    refused("\nsockd.cfg()", "file:2: sockd.cfg: expected a table {option = value, …}");
    refused("grace = 5", "file:1: grace: options are set by sockd.cfg{grace = …}, variables are "
                         "local");
}

Test(config, mistakes_of_lua_have_their_line_too)
{
    refused("\nsockd.cfg{", "file:2: unexpected symbol near '<eof>'");
    refused("\n\nerror('no')", "file:3: no");
    refused("error('no', 0)", "file: no");
    refused("error({})", "file: an error that is no text");
    refused("\nlocal x = nil + 1", "file:2: attempt to perform arithmetic on a nil value");
    refused("\nsokd.cfg{}", "file:2: there is no sokd here");
}

Test(config, it_reaches_nothing)
{
    static const char *const names[] = {
        "os",     "io",         "require",   "package",     "debug",    "load",
        "dofile", "pcall",      "coroutine", "getfenv",     "newproxy", "rawset",
        "jit",    "ffi",        "bit",       "print",       "setfenv",  "module",
        "_G",     "loadstring", "xpcall",    "setmetatable"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[64], why[64];
        snprintf(text, sizeof text, "local x = %s", names[i]);
        snprintf(why, sizeof why, "file:1: there is no %s here", names[i]);
        refused(text, why);
    }
    refused("local x = string.dump(error)", "file:1: attempt to call field 'dump' (a nil value)");
    refused("local x = (''):find('')", "file:1: attempt to call method 'find' (a nil value)");
    refused("\x1bLJ\x02 bytecode", "file: attempt to load chunk with wrong mode");
}

Test(config, time_and_memory_are_bounded, .timeout = 20)
{
    refused("\nwhile true do end", "file:2: it computes for too long");
    refused("local function f() return f() end f()", "file:1: it computes for too long");
    refused("local s = 'x' while true do s = s .. s end", "file: it needs too much memory");
    refused("local s = ('x'):rep(1e9)", "file: it needs too much memory");
    refused("local t = {} for i = 1, 1e9 do t[i] = {} end", "file: it needs too much memory");
    cr_assert_eq(parse("local function f() return f() + 1 end f()"), -EINVAL);
    cr_assert_not_null(strstr(reason, "stack overflow"), "%s", reason);
    accepted("sockd.cfg{grace = 1}");
}

Test(config, a_file_cannot_talk_to_the_terminal)
{
    refused("error('\\27[2J\\nsockd: fine', 0)", "file: \\x1b[2J\\nsockd: fine");
    refused("sockd.cfg{grace = '\\27c'}", "file:1: grace: expected a number of seconds, 0 or more, "
                                          "got '\\x1bc'");
    char name[] = "fi\nle";
    cr_assert_eq(config_parse(&options, name, "x", 1, reason, sizeof reason), -EINVAL);
    cr_assert_eq(strncmp(reason, "fi\\nle:1: ", 10), 0, "%s", reason);
}

/* Cut anywhere, and with any byte changed, it is read or refused in words. */
Test(config, broken_files_are_refused_in_words)
{
    static const char text[] = "sockd.cfg{load = {'a', \"b\"}, grace = 5, socket = [[x]]} -- end";
    for (size_t i = 0; i < sizeof text; i++) {
        char copy[sizeof text];
        memcpy(copy, text, sizeof text);
        cr_assert_eq(parse_bytes(copy, i) < 0, reason[0] != 0);
        for (int bit = 0; bit < 8; bit++) {
            copy[i] = (char)(text[i] ^ 1 << bit);
            cr_assert_eq(parse_bytes(copy, sizeof copy - 1) < 0, reason[0] != 0);
        }
    }
}

/* ---- files ---- */

static int load(const char *path)
{
    options_deinit(&options);
    cr_assert_eq(options_init(&options), 0);
    return config_load(&options, path, reason, sizeof reason);
}

Test(config, only_regular_files_of_some_size_are_read)
{
    char folder[] = "/tmp/sockd-config-XXXXXX", path[64];
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(load(folder), -EINVAL);
    cr_assert_not_null(strstr(reason, ": Is a directory"), "%s", reason);
    snprintf(path, sizeof path, "%s/fifo", folder);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(load(path), -EINVAL, "and nobody waits for its writer");
    unlink(path);
    snprintf(path, sizeof path, "%s/large", folder);
    cr_assert_eq(load(path), -EINVAL);
    cr_assert_not_null(strstr(reason, "/large: No such file"), "%s", reason);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs("sockd.cfg{grace = 1}", file);
    fflush(file);
    cr_assert_eq(load(path), 0);
    cr_assert_eq(options.grace, 1);
    cr_assert_eq(ftruncate(fileno(file), (1 << 20) + 1), 0);
    fclose(file);
    cr_assert_eq(load(path), -EINVAL);
    cr_assert_not_null(strstr(reason, "/large: File too large"), "%s", reason);
    unlink(path);
    rmdir(folder);
}
