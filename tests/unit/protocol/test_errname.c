/* Names of errors, there and back. */
#include "protocol/errname.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>

Test(errname, every_errno_of_linux_comes_back)
{
    int known = 0;

    for (int number = 1; number <= 133; number++) {
        const char *name = errname_of(number);
        if (!name)
            continue;
        known++;
        cr_assert_eq(errname_number(name, strlen(name)), number, "%s", name);
        cr_assert_str_neq(errname_text(number), "Unknown error");
    }
    cr_assert_eq(known, 131); /* 41 and 58 are not in use */
}

Test(errname, familiar_ones)
{
    cr_assert_str_eq(errname_of(ECONNREFUSED), "ECONNREFUSED");
    cr_assert_str_eq(errname_text(ECONNRESET), "Connection reset by peer");
    cr_assert_eq(errname_number("EWOULDBLOCK", 11), EAGAIN);
    cr_assert_eq(errname_number("EPIPE and more", 5), EPIPE);
}

Test(errname, unknown_ones)
{
    cr_assert_null(errname_of(0));
    cr_assert_null(errname_of(-EPERM));
    cr_assert_null(errname_of(4095));
    cr_assert_str_eq(errname_text(4095), "Unknown error");
    cr_assert_str_eq(errname_text(-1), "Unknown error");
    cr_assert_eq(errname_number("ENONSENSE", 9), 0);
    cr_assert_eq(errname_number("", 0), 0);
}

Test(errname, of_name_resolution)
{
    cr_assert_str_eq(errname_of_eai(EAI_NONAME), "EAI_NONAME");
    cr_assert_str_eq(errname_eai_text(EAI_AGAIN), "Temporary failure in name resolution");
    cr_assert_eq(errname_eai_number("EAI_SERVICE", 11), EAI_SERVICE);
    cr_assert_eq(errname_eai_number("EAI_", 4), 0);
    cr_assert_null(errname_of_eai(12345));
    cr_assert_not_null(errname_eai_text(12345));
}
