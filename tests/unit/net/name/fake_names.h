/*
 * A name service of the test's own, in the place of getaddrinfo(3): link with
 * -Wl,--wrap=getaddrinfo. Numeric hosts and "localhost" are the real one's.
 */
#pragma once

/* `addresses` are numeric and separated by spaces. Names that were not added do not exist. */
void names_add(const char *host, const char *addresses);

/* From now on the look-up of a name that begins with "slow" takes until names_release. */
void names_hold(void);
void names_release(void);

/* Look-ups of names, numeric hosts not included: under way now, at most at once, and ever begun. */
unsigned names_running(void);
unsigned names_most(void);
unsigned names_begun(void);
