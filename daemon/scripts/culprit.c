/* See culprit.h. */
#include "scripts/culprit.h"

#include "binding/server.h"
#include "fiber/trace.h"
#include "net/sock.h"
#include "scripts/runtime_private.h"

#include <inttypes.h>
#include <stdio.h>

void culprit_describe(void *context, char *out, size_t size)
{
    const struct runtime *runtime = context;
    struct fiber *fiber = fiber_current(vm_main(runtime->vm));
    if (fiber == NULL) {
        snprintf(out, size, "no handler runs");
        return;
    }
    const struct sock *connection = server_connection(fiber);
    int length = 0;
    if (connection != NULL)
        length = snprintf(out, size, "socket %" PRIu64 ", ", sock_id(connection));
    fiber_trace(fiber, out + length, size - (size_t)length);
}
