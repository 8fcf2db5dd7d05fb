/*
 * What the tables show of a socket, by its entry in sockd.list.
 */
#ifndef CTL_SOCKET_CELLS_H
#define CTL_SOCKET_CELLS_H

#include "client/ctl/table.h"

#include <sockd/value.h>

/* Each writes one cell; "-" stands for what the socket does not have. */
void cell_text(char *cell, const struct sockd_value *value);
void cell_number(char *cell, const struct sockd_value *value);

/* "127.0.0.1:80" */
void cell_address(char *cell, const struct sockd_value *value);

/* The user's name, or the uid if it has none. */
void cell_owner(char *cell, const struct sockd_value *uid);

/* What ss calls the kind of a socket: "tcp", "udp", "u_str" … */
void cell_netid(char *cell, const struct sockd_value *socket);

/* How long ago a moment of the real-time clock was. */
void cell_idle(char *cell, const struct sockd_value *moment);

/* A number of bytes with a unit: "1.5K". */
void cell_bytes(char *cell, double bytes);

#endif
