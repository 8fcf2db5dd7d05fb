/*
 * The names of flags and constants that calls take: of send(2) and recv(2), of getaddrinfo(3).
 */
#pragma once

struct named_number {
    const char *name; /* NULL ends a table */
    int number;
};

/* "MSG_PEEK" and so on, the API's set: a number that they are not part of is passed on as it is. */
extern const struct named_number message_flags[];

/* "AI_PASSIVE" and so on. */
extern const struct named_number lookup_flags[];

/* "AF_INET", "PF_INET" and so on; "SOCK_STREAM" and so on. */
extern const struct named_number socket_domains[];
extern const struct named_number socket_types[];

/* The number of a name; -1 for an unknown one. */
int named_number(const struct named_number *table, const char *name);
