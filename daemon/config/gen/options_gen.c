/*
 * What the build makes of the table of options: `sockd_gen_options example` prints the example of a
 * configuration file, `… manual` and `… file` the sections of the manual pages.
 */
#include "config/options.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    static const struct {
        const char *word;
        void (*print)(FILE *out);
    } forms[] = {
        {"example", options_example}, {"manual", options_manual}, {"file", options_manual_file}};
    for (size_t i = 0; argc == 2 && i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(argv[1], forms[i].word) != 0)
            continue;
        forms[i].print(stdout);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    fputs("usage: sockd_gen_options example|manual|file\n", stderr);
    return 2;
}
