/*
 * --progress: on standard error, how much has been transferred and how fast; on a terminal in one
 * line that is written again and again.
 */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool on;
    bool redraws;
    double start;
    double last;
    int width; /* of what was last shown */
};

void progress_init(struct progress *progress, bool on);

/* So much was sent and received up to now; shown if the last time is a while ago. */
void progress_update(struct progress *progress, uint64_t sent, uint64_t received);

/* The same at the end: it is shown in any case. */
void progress_end(struct progress *progress, uint64_t sent, uint64_t received);

#define PROGRESS_OPTION                                                   \
    {                                                                     \
        "progress", NULL, 0, "tell on standard error how much is through" \
    }

#endif
