/*
 * The terminal while it is joined to a socket. See terminal.h.
 */
#include "client/ctl/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* What signal handlers have to go by. */
static struct termios before, during;
static volatile sig_atomic_t is_set;

static const int signals[] = {SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};

enum { SIGNALS = sizeof signals / sizeof signals[0] };

static struct sigaction old_actions[SIGNALS];

bool terminal_is_input(void)
{
    return isatty(STDIN_FILENO);
}

bool terminal_parse_key(const char *text, int *key)
{
    size_t size = strlen(text);

    if (strcmp(text, "none") == 0) {
        *key = TERMINAL_NO_KEY;
        return true;
    }
    bool control = (size == 2 && text[0] == '^') || (size == 3 && strncmp(text, "C-", 2) == 0);
    if (!control) {
        *key = (unsigned char)text[0];
        return size == 1;
    }
    *key = text[size - 1] == '?' ? 0x7f : text[size - 1] & 0x1f;
    return *key != 0;
}

/* Stops or ends as the signal does by itself, with the terminal as it was; after a stop it is set
 * again by SIGCONT. */
static void on_signal(int number)
{
    int error = errno;

    if (number == SIGCONT) {
        if (is_set)
            tcsetattr(STDIN_FILENO, TCSADRAIN, &during);
    } else {
        struct sigaction action = {.sa_handler = SIG_DFL}, handler;
        sigset_t set;
        if (is_set)
            tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
        sigaction(number, &action, &handler);
        sigemptyset(&set);
        sigaddset(&set, number);
        raise(number);
        sigprocmask(SIG_UNBLOCK, &set, NULL); /* here it happens */
        sigaction(number, &handler, NULL);
    }
    errno = error;
}

/* What is ignored stays ignored. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    for (size_t i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], NULL, &old_actions[i]);
        if (old_actions[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

int terminal_start(bool raw, int key)
{
    if (tcgetattr(STDIN_FILENO, &before) < 0)
        return -errno;
    during = before;
    if (raw)
        cfmakeraw(&during);
    else if (key != TERMINAL_NO_KEY)
        during.c_cc[VEOL] = (cc_t)key;
    catch_signals();
    is_set = 1;
    return tcsetattr(STDIN_FILENO, TCSADRAIN, &during) < 0 ? -errno : 0;
}

void terminal_end(void)
{
    if (!is_set)
        return;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    is_set = 0;
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &old_actions[i], NULL);
}
