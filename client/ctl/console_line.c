/*
 * Lines of the console. See console_line.h.
 */
#include "client/ctl/console_line.h"

#include "client/ctl/console_history.h"
#include "client/ctl/interrupt.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

struct console_line {
    struct console *console;
    EditLine *editor; /* NULL if the input is no terminal */
    History *history;
    const char *prompt;
    bool deaf;  /* the daemon is gone */
    char *text; /* of the last line, where there is no editor */
    size_t room;
};

static struct console_line *line_of(EditLine *editor)
{
    struct console_line *line = NULL;

    el_get(editor, EL_CLIENTDATA, &line);
    return line;
}

static char *give_prompt(EditLine *editor)
{
    return (char *)(uintptr_t)line_of(editor)->prompt;
}

/* What is printed in the daemon meanwhile appears above the line, which is shown again. */
static void process(struct console_line *line, EditLine *editor)
{
    line->console->at_prompt = true;
    line->deaf = !console_process(line->console);
    line->console->at_prompt = false;
    if (line->console->printed)
        el_set(editor, EL_REFRESH);
    line->console->printed = false;
}

/* Waits for a key. False if an interrupt came first. */
static bool wait_for_key(struct console_line *line, EditLine *editor)
{
    struct sockd_client *client = line->console->ctl->client;

    for (;;) {
        struct pollfd fds[] = {
            {.fd = interrupt_start(), .events = POLLIN},
            {.fd = STDIN_FILENO, .events = POLLIN},
            {.fd = line->deaf ? -1 : sockd_fd(client), .events = sockd_events(client)},
        };
        if (poll(fds, 3, -1) < 0 && errno != EINTR)
            return false;
        if (interrupt_came())
            return false;
        if (fds[1].revents)
            return true;
        if (fds[2].revents)
            process(line, editor);
    }
}

/* One character of the terminal. 1; or -1 if there is none. */
static int give_character(EditLine *editor, wchar_t *result)
{
    mbstate_t state = {0};
    char byte;

    for (;;) {
        if (!wait_for_key(line_of(editor), editor) || read(STDIN_FILENO, &byte, 1) != 1)
            return -1;
        size_t size = mbrtowc(result, &byte, 1, &state);
        if (size != (size_t)-2)
            return size == (size_t)-1 ? -1 : 1;
    }
}

/* ---- completion ---- */

/* How far all choices are the same. */
static size_t common_size(const struct choices *choices)
{
    size_t size = strlen(choices->text[0]);

    for (size_t i = 1; i < choices->count; i++) {
        size_t same = 0;
        while (same < size && choices->text[i][same] == choices->text[0][same])
            same++;
        size = same;
    }
    return size;
}

/* How much of the choices the text ends with already. */
static size_t typed_size(const char *text, const char *choice, size_t size)
{
    size_t length = strlen(text);

    if (size > length)
        size = length;
    while (memcmp(text + length - size, choice, size) != 0)
        size--;
    return size;
}

static int terminal_width(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void show_choices(const struct choices *choices)
{
    int widest = 1;

    for (size_t i = 0; i < choices->count; i++) {
        int width = (int)strlen(choices->text[i]) + 2;
        widest = width > widest ? width : widest;
    }
    size_t columns = (size_t)(terminal_width() / widest);
    for (size_t i = 0; i < choices->count; i++)
        printf("%s%-*s", columns < 2 || i % columns == 0 ? "\n" : "", widest, choices->text[i]);
    putchar('\n');
    fflush(stdout);
}

static unsigned char use_choices(EditLine *editor, const char *text, const struct choices *choices)
{
    if (choices->count == 0)
        return CC_REFRESH_BEEP;
    const char *first = choices->text[0];
    size_t size = common_size(choices);
    size_t typed = typed_size(text, first, size);
    if (typed == size && choices->count > 1) {
        show_choices(choices);
        return CC_REDISPLAY;
    }
    char *rest = strndup(first + typed, size - typed);
    if (rest)
        el_insertstr(editor, rest);
    free(rest);
    return CC_REFRESH;
}

static unsigned char complete(EditLine *editor, int character)
{
    const LineInfo *info = el_line(editor);
    char *text = strndup(info->buffer, (size_t)(info->cursor - info->buffer));
    struct choices choices;

    (void)character;
    if (!text)
        return CC_ERROR;
    console_complete(line_of(editor)->console, text, &choices);
    unsigned char result = use_choices(editor, text, &choices);
    choices_clear(&choices);
    free(text);
    return result;
}

/* ---- lines ---- */

static void start_editor(struct console_line *line)
{
    setlocale(LC_CTYPE, "");
    line->editor = el_init("sockctl", stdin, stdout, stderr);
    if (!line->editor)
        return;
    line->history = console_history_open();
    el_set(line->editor, EL_CLIENTDATA, line);
    el_set(line->editor, EL_PROMPT, give_prompt);
    el_set(line->editor, EL_EDITOR, "emacs");
    el_set(line->editor, EL_SIGNAL, 1);
    el_set(line->editor, EL_GETCFN, give_character);
    if (line->history)
        el_set(line->editor, EL_HIST, history, line->history);
    /* it keeps the texts; those of el_set it would copy first, and never free */
    el_wset(line->editor, EL_ADDFN, L"complete", L"Complete the name before the cursor", complete);
    el_set(line->editor, EL_BIND, "^I", "complete", NULL);
    el_source(line->editor, NULL);
}

struct console_line *console_line_open(struct console *console)
{
    struct console_line *line = calloc(1, sizeof *line);

    if (!line)
        return NULL;
    line->console = console;
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        start_editor(line);
    return line;
}

void console_line_close(struct console_line *line)
{
    if (line->history)
        console_history_close(line->history);
    if (line->editor)
        el_end(line->editor);
    free(line->text);
    free(line);
}

bool console_line_is_terminal(const struct console_line *line)
{
    return line->editor != NULL;
}

const char *console_line_read(struct console_line *line, const char *prompt)
{
    int count;

    line->prompt = prompt;
    errno = 0;
    if (line->editor) {
        const char *text = el_gets(line->editor, &count);
        errno = 0; /* the terminal's affairs */
        return text;
    }
    if (getline(&line->text, &line->room, stdin) > 0)
        return line->text;
    if (feof(stdin))
        errno = 0;
    return NULL;
}

void console_line_remember(struct console_line *line, const char *statement)
{
    if (line->history)
        console_history_add(line->history, statement);
}
