/* The options: what is understood, and what a mistake is answered. */
#include "options.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
    cr_assert_eq(options.max_sockets, 0);
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
    refused("--sock /a", "unknown option --sock");
    refused("--socket", "--socket needs a value: PATH");
    refused("--jit=yes", "--jit takes no value");
    refused("--grace soon", "--grace: expected a number of seconds, 0 or more, got 'soon'");
    refused("--grace -1", "--grace: expected a number of seconds, 0 or more, got '-1'");
    refused("--grace nan", "--grace: expected a number of seconds, 0 or more, got 'nan'");
    refused("--log-level loud",
            "--log-level: expected error, warn, info, verbose or debug, got 'loud'");
    refused("--socket-mode 8", "--socket-mode: expected an octal mode up to 0777, got '8'");
    refused("--socket-mode 1777", "--socket-mode: expected an octal mode up to 0777, got '1777'");
    refused("--max-sockets 0", "--max-sockets: expected a number above 0, got '0'");
    refused("--max-sockets 1T", "--max-sockets: expected a number above 0, got '1T'");
    refused("--max-sockets 18014398509481985K",
            "--max-sockets: expected a number above 0, got '18014398509481985K'");
    refused("--admin-group no-such-group", "--admin-group: expected a group, got 'no-such-group'");
    refused("serve", "'serve' is no command; try --help");
    refused("run", "run: no script given");
    refused("run --socket /a x.lua", "--socket is no option of this command");
    options_deinit(&options);
}

Test(options, the_help_has_every_option_in_lines_of_eighty)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    options_help(out);
    fclose(out);
    static const char *const some[] = {"--socket PATH", "--load FILE|DIR", "--jit", "--version",
                                       "sockd run"};
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        cr_assert_not_null(strstr(text, some[i]), "%s", some[i]);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        cr_assert_leq(strlen(line), 84, "%s", line); /* bytes; an ellipsis takes three */
    free(text);
}
