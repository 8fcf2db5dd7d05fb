/* Detach keys; that the terminal is given back is shown end to end (test_ctl_attach.py). */
#include "client/ctl/terminal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

Test(ctl_terminal, keys)
{
    static const struct {
        const char *text;
        int key;
    } given[] = {{"^]", 0x1d}, {"C-]", 0x1d}, {"^a", 1},    {"^A", 1},
                 {"^?", 0x7f}, {"q", 'q'},    {"none", -1}, {"^^", 0x1e}};
    static const char *const wrong[] = {"", "ab", "^@", "C-", "C-ab", "^ab"};
    int key;

    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        cr_assert(terminal_parse_key(given[i].text, &key), "%s", given[i].text);
        cr_assert_eq(key, given[i].key, "%s is %d", given[i].text, key);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert(!terminal_parse_key(wrong[i], &key), "%s", wrong[i]);
}

Test(ctl_terminal, what_is_no_terminal)
{
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    cr_assert(!terminal_is_input());
    cr_assert_eq(terminal_start(true, 1), -ENOTTY);
    terminal_end();
}
