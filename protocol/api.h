/*
 * The method table as an answer: what sockd.api says.
 */
#ifndef PROTOCOL_API_H
#define PROTOCOL_API_H

#include "protocol/writer.h"

/*
 * Writes one map: level; limits; types, options and results, maps from the name of each parameter
 * type, option and kind of result to a sentence; methods, an array of maps with name, level,
 * caller, waits, params (each with name, type, required, and default if it is optional), options,
 * result, doc; and notifications, an array of maps with name, level, method (which asks for it),
 * params (each with name, type, doc), doc. It is all that a generator of clients needs.
 */
void api_put(struct writer *writer);

/* Writes the map of the wire's limits alone, which sockd.hello answers too. */
void api_put_limits(struct writer *writer);

#endif
