/*
 * What is shown again and again. See rounds.h.
 */
#include "client/ctl/rounds.h"

#include "base/numeral.h"
#include "client/ctl/interrupt.h"
#include "client/ctl/output.h"
#include "client/ctl/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const uint64_t most_rounds = 1000000000;

static bool read_interval(const char *text, double *seconds)
{
    return numeral_real(text, seconds) == NUMERAL_FINE && isfinite(*seconds) && *seconds > 0;
}

int rounds_init(struct rounds *rounds, struct ctl *ctl, const struct command *command)
{
    const char *interval = command_option(command, "interval");
    const char *count = command_option(command, "count");
    uint64_t number = 0;

    *rounds = (struct rounds){
        .ctl = ctl,
        .interval = 1,
        .left = -1,
        .redraws = isatty(STDOUT_FILENO) && !ctl->json,
    };
    if (interval && !read_interval(interval, &rounds->interval))
        return report_usage(ctl->verb, "--interval %s: expected seconds, more than 0", interval);
    if (!count)
        return 0;
    if (numeral_unsigned(count, most_rounds, &number) || number == 0)
        return report_usage(ctl->verb, "--count %s: expected a number from 1 to %" PRIu64, count,
                            most_rounds);
    rounds->left = (long)number;
    return 0;
}

/* The escapes are sockctl's own, hence not escaped. */
void rounds_begin(struct rounds *rounds)
{
    if (rounds->redraws)
        fputs("\033[H\033[J", stdout);
    else if (rounds->shown && !rounds->ctl->json)
        output_text(rounds->ctl, "\n");
    rounds->shown = true;
}

size_t rounds_lines(const struct rounds *rounds)
{
    struct winsize size;

    if (!rounds->redraws || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
        return 0;
    return size.ws_row > 1 ? size.ws_row - 1U : 0;
}

bool rounds_wait(const struct rounds *rounds)
{
    return !interrupt_wait((int)fmin(rounds->interval * 1000, 1e9));
}

bool rounds_next(struct rounds *rounds, int *status)
{
    output_flush(rounds->ctl);
    if (rounds->left > 0)
        rounds->left--;
    *status = 0;
    if (rounds->left == 0 || rounds->ctl->output_error)
        return false;
    if (rounds_wait(rounds))
        return true;
    *status = CTL_INTERRUPTED;
    return false;
}
