/*
 * What the library itself needs to know of a caller's arguments.
 */
#ifndef CLIENT_ARGS_PRIVATE_H
#define CLIENT_ARGS_PRIVATE_H

#include "protocol/view.h"
#include "protocol/writer.h"

#include <sockd/args.h>

struct sockd_args {
    struct writer writer;
};

/* How many whole values were written; none for NULL. 0; -ENOMEM or -EMSGSIZE if writing them
 * failed, -EINVAL if the last array or map lacks values. */
int args_count(const struct sockd_args *args, uint32_t *count);

#endif
