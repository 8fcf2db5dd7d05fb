/*
 * The limits of the wire, which the daemon and the client library share.
 *
 * Both sides check what they receive against these numbers before they allocate anything for it.
 * They are part of the protocol: sockd.hello reports them, so that a client in another language
 * need not know this file.
 */
#ifndef PROTOCOL_LIMITS_H
#define PROTOCOL_LIMITS_H

enum {
    /* The protocol level that this tree speaks. A level only ever adds to the one before it. */
    LIMIT_LEVEL = 1,

    /* The most bytes of a socket's data that one request or one answer carries. */
    LIMIT_DATA = 16 * 1024 * 1024,

    /* The largest message in bytes: the data and room for all that stands around it. */
    LIMIT_MESSAGE = LIMIT_DATA + 64 * 1024,

    /* How deep arrays and maps may nest, the message's own array included. msgpack-c gives up at
     * 33 with the code that it also uses for lack of memory, so the line is drawn before it. */
    LIMIT_DEPTH = 32,

    /* How many values a message may hold, containers and map keys included. */
    LIMIT_ELEMENTS = 1024 * 1024,

    /* How many parameters a row of the method table may have. */
    LIMIT_PARAMS = 8,

    /* How many delimiters one read may look for. */
    LIMIT_DELIMITERS = 16,

    /* The longest name of a handle, in bytes. */
    LIMIT_NAME = 128,
};

#endif
