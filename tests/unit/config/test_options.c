/* The options: what is understood, and what a mistake is answered. */
#include "config/options.h"

#include "rpc/access.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct options options;
static char reason[256];

/* Parses "sockd" followed by the words of `line`. */
static int parse(const char *line)
{
    static char copy[512], *words[32];
    snprintf(copy, sizeof copy, "sockd %s", line);
    int count = 0;
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        words[count++] = word;
    options_deinit(&options);
    reason[0] = 0;
    return options_parse(&options, count, words, reason, sizeof reason);
}

static void refused(const char *line, const char *why)
{
    cr_assert_eq(parse(line), -EINVAL, "%s", line);
    cr_assert_str_eq(reason, why);
}

Test(options, without_any_there_are_defaults)
{
    cr_assert_eq(parse(""), 0);
    cr_assert_eq(options.command, OPTIONS_SERVE);
    cr_assert_null(options.socket_path);
    cr_assert_eq(options.log_level, LOG_INFO);
    cr_assert_eq(options.grace, 5);
    cr_assert_eq(options.grace_c, 0.1);
    cr_assert_eq(options.max_sockets, 0);
    cr_assert_eq(options.lua_memory, (size_t)512 << 20);
    cr_assert_eq(options.quota.most[QUOTA_REQUESTS], 16384);
    cr_assert_eq(options.quota.most[QUOTA_CLIENTS], 0); /* a share of what there is */
    cr_assert_not(options.jit);
    options_deinit(&options);
}

Test(options, a_value_is_in_the_same_word_or_the_next)
{
    cr_assert_eq(parse("--socket=/a --grace 0.5 --log-level=debug --jit"), 0);
    cr_assert_str_eq(options.socket_path, "/a");
    cr_assert_eq(options.grace, 0.5);
    cr_assert_eq(options.log_level, LOG_DEBUG);
    cr_assert(options.jit);
    options_deinit(&options);
}

Test(options, load_is_repeatable_and_keeps_its_order)
{
    cr_assert_eq(parse("--load a --load=b --load c"), 0);
    cr_assert_eq(options.load_count, 3);
    cr_assert_str_eq(options.load[0], "a");
    cr_assert_str_eq(options.load[2], "c");
    options_deinit(&options);
}

Test(options, sizes_have_units)
{
    cr_assert_eq(parse("--max-readahead 2M --quota-bytes=3G --quota-clients 7"), 0);
    cr_assert_eq(options.max_readahead, 2u << 20);
    cr_assert_eq(options.quota.most[QUOTA_BYTES], (size_t)3 << 30);
    cr_assert_eq(options.quota.most[QUOTA_CLIENTS], 7);
    options_deinit(&options);
}

Test(options, groups_are_names_or_numbers)
{
    cr_assert_eq(parse("--admin-group 4711 --socket-group root --socket-mode 0666"), 0);
    cr_assert(options.has_admin_group && options.has_socket_group && options.has_socket_mode);
    cr_assert_eq(options.admin_group, 4711);
    cr_assert_eq(options.socket_group, 0);
    cr_assert_eq(options.socket_mode, 0666);
    options_deinit(&options);
}

Test(options, what_follows_a_script_is_the_scripts)
{
    cr_assert_eq(parse("run --nonblock script.lua --grace x"), 0);
    cr_assert_eq(options.command, OPTIONS_RUN);
    cr_assert(options.nonblock);
    cr_assert_eq(options.argument_count, 3);
    cr_assert_str_eq(options.arguments[0], "script.lua");
    cr_assert_str_eq(options.arguments[1], "--grace");
    cr_assert_eq(parse("run -- --strange.lua"), 0);
    cr_assert_str_eq(options.arguments[0], "--strange.lua");
    options_deinit(&options);
}

Test(options, help_and_version_need_nothing_else_to_be_right)
{
    cr_assert_eq(parse("--help --nonsense"), 0);
    cr_assert_eq(options.command, OPTIONS_HELP);
    cr_assert_eq(parse("run --version"), 0);
    cr_assert_eq(options.command, OPTIONS_VERSION);
}

Test(options, a_mistake_is_named)
{
    refused("--nonsense", "unknown option --nonsense");
    refused("-x", "unknown option -x");
    refused("--sock /a", "unknown option --sock; did you mean --socket?");
    refused("--maxsockets 1", "unknown option --maxsockets; did you mean --max-sockets?");
    refused("--n\x1b[2Jx", "unknown option --n\\x1b[2Jx");
    refused("--socket", "--socket needs a value: PATH");
    refused("--jit=yes", "--jit takes no value");
    refused("--grace soon", "--grace: expected a number of seconds, 0 or more, got 'soon'");
    refused("--grace -1", "--grace: expected a number of seconds, 0 or more, got '-1'");
    refused("--grace nan", "--grace: expected a number of seconds, 0 or more, got 'nan'");
    refused("--log-level loud",
            "--log-level: expected error, warn, info, verbose or debug, got 'loud'");
    refused("--socket-mode 8",
            "--socket-mode: expected an octal mode up to 0777, such as \"0660\", got '8'");
    refused("--socket-mode 1777",
            "--socket-mode: expected an octal mode up to 0777, such as \"0660\", got '1777'");
    refused("--max-sockets 0",
            "--max-sockets: expected a whole number above 0, perhaps with K, M or G, got '0'");
    refused("--max-sockets 1T",
            "--max-sockets: expected a whole number above 0, perhaps with K, M or G, got '1T'");
    refused("--max-sockets 18014398509481985K", "--max-sockets: expected a whole number above 0, "
                                                "perhaps with K, M or G, got '18014398509481985K'");
    refused("--admin-group no-such-group",
            "--admin-group: expected a group's name or number, got 'no-such-group'");
    refused("serve", "'serve' is no command; try --help");
    refused("--handler-cpu 0", "--handler-cpu: expected a number of seconds above 0, got '0'");
    refused("--grace-c 0", "--grace-c: expected a number of seconds above 0, got '0'");
    refused("--no-grace", "unknown option --no-grace; did you mean --grace?");
    refused("--no-jit=1", "--no-jit takes no value");
    refused("run", "run: no script given");
    refused("check", "check: no file given");
    refused("check --grace 1 x.lua", "--grace is no option of this command");
    refused("run --socket /a x.lua", "--socket is no option of this command");
    options_deinit(&options);
}

Test(options, privileges_add_up_and_unknown_ones_are_answered_with_the_list)
{
    cr_assert_eq(parse("--allow unix --allow=mark"), 0);
    cr_assert_eq(options.allow, 1u << ACCESS_UNIX | 1u << ACCESS_MARK);
    refused("--allow root",
            "--allow: expected one of eval, load, reload, source, unix, ports, raw, "
            "domains, mark, device, buffers, transparent, options, got 'root'");
    options_deinit(&options);
}

Test(options, files_to_check)
{
    cr_assert_eq(parse("check --ffi a.lua b.lua"), 0);
    cr_assert_eq(options.command, OPTIONS_CHECK);
    cr_assert_eq(options.argument_count, 2);
    cr_assert_eq(parse("check --config /none"), 0, "it is to be read, not to be obeyed");
    cr_assert_str_eq(options.config, "/none");
    options_deinit(&options);
}

/* ---- the configuration file ---- */

static char *write_file(const char *text)
{
    static char path[] = "/tmp/sockd-options-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

Test(options, the_command_line_goes_before_the_file_and_lists_add_up)
{
    char line[256];
    const char *path = write_file("sockd.cfg{grace = 2, jit = true, ffi = true, load = {'a', 'b'}, "
                                  "allow = 'unix', socket = '/of/file'}");
    snprintf(line, sizeof line, "--grace 3 --load c --no-jit --config %s --allow mark", path);
    cr_assert_eq(parse(line), 0, "%s", reason);
    unlink(path);
    cr_assert_eq(options.grace, 3);
    cr_assert(options.ffi && !options.jit);
    cr_assert_str_eq(options.socket_path, "/of/file");
    cr_assert_eq(options.load_count, 3);
    cr_assert_str_eq(options.load[0], "a");
    cr_assert_str_eq(options.load[2], "c");
    cr_assert_eq(options.allow, 1u << ACCESS_UNIX | 1u << ACCESS_MARK);
    options_deinit(&options);
}

Test(options, a_mistake_in_the_file_is_named_with_its_line)
{
    char line[256], why[256];
    const char *path = write_file("sockd.cfg{\n\n  grace = 'soon'}");
    snprintf(line, sizeof line, "--config %s", path);
    snprintf(why, sizeof why, "%s:3: grace: expected a number of seconds, 0 or more, got 'soon'",
             path);
    refused(line, why);
    unlink(path);
    snprintf(why, sizeof why, "%s: No such file or directory", path);
    refused(line, why);
    options_deinit(&options);
}

Test(options, the_help_has_every_option_in_lines_of_eighty)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    options_help(out);
    fclose(out);
    static const char *const some[] = {"--socket PATH", "--load FILE|DIR", "--jit",
                                       "--version",     "--config FILE",   "(default 512M)",
                                       "sockd run",     "sockd check"};
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        cr_assert_not_null(strstr(text, some[i]), "%s", some[i]);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        cr_assert_leq(strlen(line), 84, "%s", line); /* bytes; an ellipsis takes three */
    free(text);
}
