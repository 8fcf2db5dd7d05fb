/*
 * The configuration file: any text is taken or refused with one printable line, within its bounds
 * of time and memory.
 */
#include "fuzz.h"

#include "config/config.h"
#include "config/options.h"

#include <errno.h>
#include <string.h>

/* Without it nothing could be told of where a value stands; every line is as good. */
static void look_for_lines(const char *text, size_t size)
{
    static const char *const keys[] = {"grace", "load", "max_socket"};
    unsigned lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        MUST(config_line_of(text, size, keys[i]) <= lines);
    config_recognize(text, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct options options;
    char reason[256] = "";
    MUST(options_init(&options) == 0);
    int result = config_parse(&options, "file", (const char *)data, size, reason, sizeof reason);
    MUST(result == 0 || result == -EINVAL);
    MUST((result == 0) == (reason[0] == 0));
    for (const char *at = reason; *at; at++)
        MUST((unsigned char)*at >= 0x20 && *at != 0x7f);
    look_for_lines((const char *)data, size);
    options_deinit(&options);
    return 0;
}
