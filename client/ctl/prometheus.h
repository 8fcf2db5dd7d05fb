/*
 * The daemon's statistics in the text format that Prometheus reads (exposition format 0.0.4).
 */
#ifndef CTL_PROMETHEUS_H
#define CTL_PROMETHEUS_H

#include "client/ctl/ctl.h"

/* Prints sockd.stats's answer. What it has that this program does not know is a gauge by its
 * name. */
void prometheus_print(struct ctl *ctl, const struct sockd_value *stats);

#endif
