/*
 * The method table as an answer: what sockd.api says.
 */
#ifndef PROTOCOL_API_H
#define PROTOCOL_API_H

#include "protocol/writer.h"

/*
 * Writes one map: level, the limits, and methods, an array of maps with name, level, caller,
 * waits, params (each with name, type, required, default), options, result, doc; types, a map from
 * each parameter type's name to a sentence.
 */
void api_put(struct writer *writer);

#endif
