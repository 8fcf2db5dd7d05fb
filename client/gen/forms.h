/*
 * What the types of the method table are in C: how parameters and results are declared, and which
 * calls of client/call.h and sockd/answer.h carry them.
 */
#ifndef CLIENT_GEN_FORMS_H
#define CLIENT_GEN_FORMS_H

#include "protocol/methods.h"

/* The functions that a method becomes. */
enum variant {
    PLAIN,
    UNIX,  /* a path instead of host and port */
    UNTIL, /* a delimiter beside the limit */
    INT,   /* a number in the place of any value */
    WITH,  /* settings for what is made */
    UNIX_WITH,
    VARIANTS,
};

/* Which of them: one with a path needs a host and a port to replace, and so on. */
bool forms_has_variant(const struct method *method, enum variant variant);
bool forms_is_unix(enum variant variant);
bool forms_makes_sockets(const struct method *method);

/* The timeout comes last if it is no parameter of its own: every call that may wait has one. */
bool forms_has_timeout_option(const struct method *method);

/* The settings come behind it: of a new handle if they are asked for, of an old one always. */
bool forms_has_settings(const struct method *method, enum variant variant);

/* How C declares a parameter, NULL for not at all, and how it is written into the request; %1$s is
 * its name. */
const char *forms_declaration(enum method_type type, enum variant variant);
const char *forms_statement(enum method_type type, enum variant variant);

/* How C leaves an optional parameter out. */
const char *forms_default(enum method_type type);

/* How C declares a result; the function of sockd/answer.h that takes it from the answer, and what
 * it is given for that. */
struct form_result {
    const char *declaration;
    const char *getter;
    const char *arguments;
};

const struct form_result *forms_result(const struct method *method);

#endif
