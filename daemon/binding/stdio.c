/* Files of C whose writes end in a sink; see stdio.h. */
#include "binding/stdio.h"

#include "binding/sink.h"

#include <errno.h>
#include <unistd.h>

/* How many bytes may be kept for a reader before more is refused. */
#define STDIO_KEPT ((size_t)1 << 20)

static ssize_t stdio_write(void *cookie, const char *data, size_t length)
{
    struct sink *sink = cookie;
    if (sink_pending(sink) > STDIO_KEPT)
        errno = EAGAIN;
    else if (sink_write(sink, data, length) < 0)
        errno = ENOMEM;
    else
        return (ssize_t)length;
    return 0;
}

static FILE *stdio_open(struct sink *sink, int mode)
{
    FILE *file = fopencookie(sink, "w", (cookie_io_functions_t){.write = stdio_write});
    if (file != NULL)
        setvbuf(file, NULL, mode, BUFSIZ);
    return file;
}

static void stdio_on_drained(void *context)
{
    (void)context; /* nobody waits: see above */
}

int stdio_init(struct stdio *stdio, struct loop *loop, struct sink *sink)
{
    *stdio = (struct stdio){0};
    int error = sink_new(&stdio->error, loop, STDERR_FILENO, stdio_on_drained, NULL);
    if (error < 0)
        return error;
    sink_own(stdio->error);
    FILE *out = stdio_open(sink, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
    FILE *err = stdio_open(stdio->error, _IONBF);
    if (out != NULL && err != NULL) {
        stdio->out = stdout;
        stdio->err = stderr;
        stdout = out;
        stderr = err;
        return 0;
    }
    if (out != NULL)
        (void)fclose(out);
    if (err != NULL)
        (void)fclose(err);
    return -ENOMEM;
}

void stdio_flush(const struct stdio *stdio)
{
    if (stdio->out != NULL)
        (void)fflush(stdout);
}

void stdio_deinit(struct stdio *stdio)
{
    if (stdio->out != NULL) {
        (void)fclose(stdout);
        (void)fclose(stderr);
        stdout = stdio->out;
        stderr = stdio->err;
    }
    if (stdio->error != NULL)
        sink_flush(stdio->error, 0);
    sink_free(stdio->error);
    *stdio = (struct stdio){0};
}
