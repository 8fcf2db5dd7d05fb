/* Base 64, both ways (RFC 4648, section 10). */
#include "client/ctl/base64.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void there_and_back(const void *data, size_t size, const char *expected)
{
    size_t got;
    char *text = base64_encode(data, size);

    if (expected)
        cr_assert_str_eq(text, expected);
    void *back = base64_decode(text, &got);
    cr_assert_not_null(back);
    cr_assert_eq(got, size);
    cr_assert(size == 0 || memcmp(back, data, size) == 0);
    free(back);
    free(text);
}

Test(ctl_base64, the_examples_of_the_standard)
{
    there_and_back("", 0, "");
    there_and_back("f", 1, "Zg==");
    there_and_back("fo", 2, "Zm8=");
    there_and_back("foo", 3, "Zm9v");
    there_and_back("foob", 4, "Zm9vYg==");
    there_and_back("fooba", 5, "Zm9vYmE=");
    there_and_back("foobar", 6, "Zm9vYmFy");
}

Test(ctl_base64, every_byte)
{
    unsigned char bytes[256];

    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    for (size_t size = 250; size <= 256; size++)
        there_and_back(bytes, size, NULL);
}

Test(ctl_base64, what_it_is_not)
{
    static const char *const texts[] = {
        "a", "abc", "====", "a===", "ab=c", "abc!", "Zg==Zg==", "Zm9v\n==="};
    size_t size;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_assert_null(base64_decode(texts[i], &size), "%s", texts[i]);
}
