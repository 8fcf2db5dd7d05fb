/* Runs a command line of sockctl. See shell.h. */
#include "shell.h"

#include "client/ctl/ctl.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int input = -1;

void shell_input(const void *data, size_t size)
{
    input = memfd_create("input", MFD_CLOEXEC);
    cr_assert_eq(write(input, data, size), (ssize_t)size);
    lseek(input, 0, SEEK_SET);
}

/* Puts a file of its own in the place of a descriptor; the old one, to be put back. */
static int divert(int fd, int *file)
{
    int old = fcntl(fd, F_DUPFD_CLOEXEC, 3);

    *file = memfd_create("output", MFD_CLOEXEC);
    dup2(*file, fd);
    return old;
}

static size_t restore(int fd, int old, int file, char *text, size_t room)
{
    dup2(old, fd);
    close(old);
    ssize_t size = pread(file, text, room - 1, 0);
    close(file);
    text[size > 0 ? size : 0] = 0;
    return (size_t)size;
}

const struct shell *shell_run(const char *first, ...)
{
    static struct shell shell;
    char *argv[32] = {shell_word("sockctl")};
    int argc = 1, out, err;
    va_list words;

    va_start(words, first);
    for (const char *word = first; word && argc < 31; word = va_arg(words, const char *))
        argv[argc++] = shell_word(word);
    va_end(words);
    int old_in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (input >= 0) {
        dup2(input, STDIN_FILENO);
        close(input);
        input = -1;
    }
    fflush(stdout);
    int old_out = divert(STDOUT_FILENO, &out);
    int old_err = divert(STDERR_FILENO, &err);
    shell.status = ctl_run(argc, argv);
    fflush(stdout);
    fflush(stderr);
    shell.out_size = restore(STDOUT_FILENO, old_out, out, shell.out, sizeof shell.out);
    restore(STDERR_FILENO, old_err, err, shell.err, sizeof shell.err);
    dup2(old_in, STDIN_FILENO);
    close(old_in);
    return &shell;
}
