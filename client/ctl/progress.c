/*
 * --progress. See progress.h.
 */
#include "client/ctl/progress.h"

#include "client/ctl/socket_cells.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Seconds between two lines: a terminal's is one for the eye, others are kept. */
static const double pause_terminal = 0.2, pause_file = 1;

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void progress_init(struct progress *progress, bool on)
{
    *progress = (struct progress){.on = on};
    progress->redraws = on && isatty(STDERR_FILENO);
    progress->start = progress->last = on ? now() : 0;
}

/* "sent 1.5M, received 20.0K, 3.0M/s" */
static void format(char *text, size_t room, uint64_t sent, uint64_t received, double seconds)
{
    char out[TABLE_CELL], in[TABLE_CELL], rate[TABLE_CELL];

    cell_bytes(out, (double)sent);
    cell_bytes(in, (double)received);
    cell_bytes(rate, seconds > 0 ? (double)(sent + received) / seconds : 0);
    if (received == 0)
        snprintf(text, room, "sent %.20s, %.20s/s", out, rate);
    else if (sent == 0)
        snprintf(text, room, "received %.20s, %.20s/s", in, rate);
    else
        snprintf(text, room, "sent %.20s, received %.20s, %.20s/s", out, in, rate);
}

static void show(struct progress *progress, uint64_t sent, uint64_t received)
{
    char text[128];

    progress->last = now();
    format(text, sizeof text, sent, received, progress->last - progress->start);
    if (progress->redraws)
        fprintf(stderr, "\r%-*s", progress->width, text); /* over what was longer */
    else
        fprintf(stderr, "%s\n", text);
    progress->width = (int)strlen(text);
    fflush(stderr);
}

void progress_update(struct progress *progress, uint64_t sent, uint64_t received)
{
    if (!progress->on)
        return;
    double pause = progress->redraws ? pause_terminal : pause_file;
    if (now() - progress->last >= pause)
        show(progress, sent, received);
}

void progress_end(struct progress *progress, uint64_t sent, uint64_t received)
{
    if (!progress->on)
        return;
    show(progress, sent, received);
    if (progress->redraws)
        fputc('\n', stderr);
}
