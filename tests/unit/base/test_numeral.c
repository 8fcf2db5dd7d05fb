/* Numbers in text, at and beyond every edge. */
#include "base/numeral.h"

#include <criterion/criterion.h>
#include <math.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    const char *text;
    enum numeral fault;
} hostile[] = {
    {"", NUMERAL_EMPTY},         {" 5", NUMERAL_OTHER},     {"5 ", NUMERAL_OTHER},
    {"+5", NUMERAL_OTHER},       {"-5", NUMERAL_NEGATIVE},  {"-0", NUMERAL_NEGATIVE},
    {"--5", NUMERAL_OTHER},      {"0x50", NUMERAL_OTHER},   {"5\n", NUMERAL_OTHER},
    {"1.5", NUMERAL_FRACTION},   {"1e3", NUMERAL_FRACTION}, {"nan", NUMERAL_NAN},
    {"-nan", NUMERAL_NAN},       {"inf", NUMERAL_LARGE},    {"five", NUMERAL_OTHER},
    {"1,5", NUMERAL_OTHER},      {"-", NUMERAL_OTHER},      {".", NUMERAL_OTHER},
    {"\xd9\xa1", NUMERAL_OTHER}, {"5K", NUMERAL_OTHER},     {"1e", NUMERAL_OTHER},
    {"e5", NUMERAL_OTHER},       {"1-2", NUMERAL_OTHER},    {"1e999", NUMERAL_LARGE},
};

Test(numeral, only_plain_digits_are_a_number_from_0_on)
{
    for (size_t i = 0; i < COUNT(hostile); i++) {
        uint64_t number = 7;
        cr_expect_eq(numeral_unsigned(hostile[i].text, UINT64_MAX, &number), hostile[i].fault,
                     "'%s'", hostile[i].text);
        cr_expect_eq(number, 7, "'%s' set something", hostile[i].text);
    }
}

Test(numeral, bounds_are_kept_to_the_last_digit)
{
    uint64_t number = 7;
    cr_expect_eq(numeral_unsigned("65535", 65535, &number), NUMERAL_FINE);
    cr_expect_eq(number, 65535);
    cr_expect_eq(numeral_unsigned("65536", 65535, &number), NUMERAL_LARGE);
    cr_expect_eq(numeral_unsigned("85616", 65535, &number), NUMERAL_LARGE);
    cr_expect_eq(numeral_unsigned("18446744073709551615", UINT64_MAX, &number), NUMERAL_FINE);
    cr_expect_eq(number, UINT64_MAX);
    cr_expect_eq(numeral_unsigned("18446744073709551616", UINT64_MAX, &number), NUMERAL_LARGE);
    cr_expect_eq(numeral_unsigned("99999999999999999999999", UINT64_MAX, &number), NUMERAL_LARGE);
    cr_expect_eq(numeral_unsigned("3", 2, &number), NUMERAL_LARGE);
    cr_expect_eq(numeral_unsigned("1", 0, &number), NUMERAL_LARGE);
    cr_expect_eq(numeral_unsigned("0", 0, &number), NUMERAL_FINE);
    cr_expect_eq(number, 0);
}

Test(numeral, zeros_in_front_change_nothing)
{
    uint64_t number;
    unsigned mode;
    cr_expect_eq(numeral_unsigned("080", 65535, &number), NUMERAL_FINE);
    cr_expect_eq(number, 80);
    cr_expect_eq(numeral_unsigned("00000000000000000000000000080", 80, &number), NUMERAL_FINE);
    cr_expect_eq(number, 80);
    cr_expect_eq(numeral_octal("0660", 0777, &mode), NUMERAL_FINE);
    cr_expect_eq(mode, 0660);
}

Test(numeral, signed_numbers_end_at_both_ends)
{
    int64_t number = 7;
    cr_expect_eq(numeral_signed("-9223372036854775808", INT64_MIN, INT64_MAX, &number), 0);
    cr_expect_eq(number, INT64_MIN);
    cr_expect_eq(numeral_signed("9223372036854775807", INT64_MIN, INT64_MAX, &number), 0);
    cr_expect_eq(number, INT64_MAX);
    number = 7;
    cr_expect_eq(numeral_signed("-9223372036854775809", INT64_MIN, INT64_MAX, &number),
                 NUMERAL_SMALL);
    cr_expect_eq(numeral_signed("9223372036854775808", INT64_MIN, INT64_MAX, &number),
                 NUMERAL_LARGE);
    cr_expect_eq(numeral_signed("-0", -5, 5, &number), NUMERAL_NEGATIVE);
    cr_expect_eq(numeral_signed("-6", -5, 5, &number), NUMERAL_SMALL);
    cr_expect_eq(numeral_signed("6", -5, 5, &number), NUMERAL_LARGE);
    cr_expect_eq(numeral_signed("-1", 0, 5, &number), NUMERAL_NEGATIVE);
    cr_expect_eq(numeral_signed("1", 2, 5, &number), NUMERAL_SMALL);
    cr_expect_eq(numeral_signed("-3", -9, -5, &number), NUMERAL_LARGE);
    cr_expect_eq(numeral_signed("3", -9, -5, &number), NUMERAL_LARGE);
    cr_expect_eq(numeral_signed("1.5", -9, 9, &number), NUMERAL_FRACTION);
    cr_expect_eq(numeral_signed("+1", -9, 9, &number), NUMERAL_OTHER);
    cr_expect_eq(numeral_signed("", -9, 9, &number), NUMERAL_EMPTY);
    cr_expect_eq(number, 7);
}

Test(numeral, octal_digits_only)
{
    unsigned mode = 7;
    cr_expect_eq(numeral_octal("777", 0777, &mode), NUMERAL_FINE);
    cr_expect_eq(mode, 0777);
    mode = 7;
    cr_expect_eq(numeral_octal("1000", 0777, &mode), NUMERAL_LARGE);
    cr_expect_eq(numeral_octal("9999", 0777, &mode), NUMERAL_OTHER);
    cr_expect_eq(numeral_octal("0o777", 0777, &mode), NUMERAL_OTHER);
    cr_expect_eq(numeral_octal("-1", 0777, &mode), NUMERAL_NEGATIVE);
    cr_expect_eq(numeral_octal("", 0777, &mode), NUMERAL_EMPTY);
    cr_expect_eq(mode, 7);
}

Test(numeral, bytes_have_units)
{
    uint64_t number = 7;
    cr_expect_eq(numeral_bytes("3", UINT64_MAX, &number), NUMERAL_FINE);
    cr_expect_eq(number, 3);
    cr_expect_eq(numeral_bytes("3K", UINT64_MAX, &number), NUMERAL_FINE);
    cr_expect_eq(number, 3 << 10);
    cr_expect_eq(numeral_bytes("17179869183G", UINT64_MAX, &number), NUMERAL_FINE);
    cr_expect_eq(number, UINT64_C(17179869183) << 30);
    number = 7;
    cr_expect_eq(numeral_bytes("17179869184G", UINT64_MAX, &number), NUMERAL_LARGE);
    cr_expect_eq(numeral_bytes("1KB", UINT64_MAX, &number), NUMERAL_OTHER);
    cr_expect_eq(numeral_bytes("1k", UINT64_MAX, &number), NUMERAL_OTHER);
    cr_expect_eq(numeral_bytes("K", UINT64_MAX, &number), NUMERAL_OTHER);
    cr_expect_eq(numeral_bytes("1 K", UINT64_MAX, &number), NUMERAL_OTHER);
    cr_expect_eq(numeral_bytes("-1K", UINT64_MAX, &number), NUMERAL_OTHER);
    cr_expect_eq(numeral_bytes("1.5", UINT64_MAX, &number), NUMERAL_FRACTION);
    cr_expect_eq(number, 7);
}

Test(numeral, real_numbers_are_decimal)
{
    double number = 7;
    cr_expect_eq(numeral_real("1.5", &number), NUMERAL_FINE);
    cr_expect_eq(number, 1.5);
    cr_expect_eq(numeral_real("-1e-3", &number), NUMERAL_FINE);
    cr_expect_eq(number, -1e-3);
    cr_expect_eq(numeral_real("1e300", &number), NUMERAL_FINE);
    cr_expect_eq(number, 1e300);
    cr_expect_eq(numeral_real("inf", &number), NUMERAL_FINE);
    cr_expect(isinf(number) && number > 0);
    cr_expect_eq(numeral_real("-Infinity", &number), NUMERAL_FINE);
    cr_expect(isinf(number) && number < 0);
    number = 7;
    cr_expect_eq(numeral_real("nan", &number), NUMERAL_NAN);
    cr_expect_eq(numeral_real("nan(1)", &number), NUMERAL_OTHER);
    cr_expect_eq(numeral_real("1e999", &number), NUMERAL_LARGE);
    cr_expect_eq(numeral_real("-1e999", &number), NUMERAL_SMALL);
    cr_expect_eq(numeral_real("0x10", &number), NUMERAL_OTHER);
    cr_expect_eq(numeral_real(" 1", &number), NUMERAL_OTHER);
    cr_expect_eq(numeral_real("1 ", &number), NUMERAL_OTHER);
    cr_expect_eq(numeral_real("+1", &number), NUMERAL_OTHER);
    cr_expect_eq(numeral_real("1e", &number), NUMERAL_OTHER);
    cr_expect_eq(numeral_real("", &number), NUMERAL_EMPTY);
    cr_expect_eq(number, 7);
}

Test(numeral, every_fault_ends_a_sentence)
{
    for (enum numeral fault = NUMERAL_FINE; fault <= NUMERAL_LARGE; fault++)
        cr_expect_neq(numeral_fault(fault), NULL);
}
