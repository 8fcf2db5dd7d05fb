/*
 * The names and sentences of errors: errno's and getaddrinfo's.
 *
 * Everything returned is static and never translated, so that two processes under different
 * locales say the same.
 */
#ifndef PROTOCOL_ERRNAME_H
#define PROTOCOL_ERRNAME_H

#include <stddef.h>

/* The name of a positive errno, such as "ECONNREFUSED"; NULL for a number that has none. */
const char *errname_of(int error);

/* The sentence of a positive errno, such as "Connection refused"; "Unknown error" if there is
 * none. Never NULL. */
const char *errname_text(int error);

/* The errno of that name, aliases such as EWOULDBLOCK included; 0 if there is none. The name need
 * not be terminated. */
int errname_number(const char *name, size_t size);

/* The name of an EAI_ code of getaddrinfo(3), such as "EAI_NONAME"; NULL if it has none. */
const char *errname_of_eai(int code);

/* The sentence of an EAI_ code. Never NULL. */
const char *errname_eai_text(int code);

/* The EAI_ code of that name; 0 if there is none. The name need not be terminated. */
int errname_eai_number(const char *name, size_t size);

#endif
