/* Rates of the log: who is held to what, and that neither first lines nor counts are lost. */
#include "util/log_rate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

static const struct log_rate three = {.each_second = 1, .at_once = 3};
static uint64_t now = 1000 * SECOND;

static bool say(uint64_t source, const char *text)
{
    return log_rate_admit(source, &three, now, LOG_WARN, text, strlen(text));
}

/* How many of so many lines get through. */
static unsigned flood(uint64_t source, unsigned count)
{
    unsigned through = 0;
    while (count-- > 0)
        through += say(source, "flood");
    return through;
}

TestSuite(log_rate, .init = log_rate_forget);

Test(log_rate, the_first_lines_get_through_and_then_so_many_a_second)
{
    cr_assert_eq(flood(1, 1000), 3);
    now += 2 * SECOND;
    cr_assert_eq(flood(1, 1000), 2);
    now += 3600 * SECOND;
    cr_assert_eq(flood(1, 1000), 3);
    cr_assert_eq(log_rate_suppressed(), 997 + 998 + 997);
}

Test(log_rate, a_flood_of_one_source_costs_no_other_a_line)
{
    cr_assert_eq(flood(1, 1000), 3);
    cr_assert(say(3, "quiet"));
}

Test(log_rate, a_count_is_told_when_the_source_has_calmed_down)
{
    struct log_rate_more more;
    cr_assert_not(log_rate_pending());
    flood(1, 10);
    cr_assert(log_rate_pending());
    cr_assert_not(log_rate_next(now, false, &more));
    now += SECOND;
    cr_assert(log_rate_next(now, false, &more));
    cr_assert_eq(more.count, 7);
    cr_assert_eq(more.level, LOG_WARN);
    cr_assert_str_eq(more.text, "flood");
    cr_assert_not(log_rate_pending());
    cr_assert_not(log_rate_next(now, true, &more));
}

Test(log_rate, a_count_is_told_now_and_then_while_the_source_goes_on)
{
    struct log_rate_more more;
    unsigned told = 0, counted = 0;
    for (int i = 0; i < 350; i++) {
        flood(1, 1);
        if (log_rate_next(now, false, &more)) {
            told++;
            counted += (unsigned)more.count;
        }
        now += SECOND / 10;
    }
    cr_assert_eq(told, 3);
    cr_assert(log_rate_next(now, true, &more));
    cr_assert_eq(counted + more.count, log_rate_suppressed());
}

Test(log_rate, long_lines_count_as_several)
{
    static const struct log_rate rate = {.each_second = 1, .at_once = 10, .line = 100};
    char text[450];
    memset(text, 'x', sizeof text);
    cr_assert(log_rate_admit(1, &rate, now, LOG_INFO, text, sizeof text));
    cr_assert(log_rate_admit(1, &rate, now, LOG_INFO, text, sizeof text));
    cr_assert_not(log_rate_admit(1, &rate, now, LOG_INFO, text, sizeof text));
}

Test(log_rate, what_is_kept_is_the_first_line_of_the_first_text)
{
    struct log_rate_more more;
    char text[1000];
    memset(text, 'x', sizeof text);
    flood(1, 3);
    say(1, "one\ntwo");
    say(1, "other");
    cr_assert(log_rate_next(now, true, &more));
    cr_assert_str_eq(more.text, "one");
    log_rate_admit(1, &three, now, LOG_INFO, text, sizeof text);
    cr_assert(log_rate_next(now, true, &more));
    cr_assert_eq(strlen(more.text), LOG_RATE_TEXT - 1);
}

Test(log_rate, more_sources_than_there_are_places_lose_no_count)
{
    struct log_rate_more more;
    uint64_t counted = 0;
    for (uint64_t source = 1; source <= 1000; source++) {
        now++;
        cr_assert_eq(flood(source, 10), 3);
    }
    while (log_rate_next(now, true, &more))
        counted += more.count;
    cr_assert_eq(counted, 7000);
    cr_assert_not(log_rate_pending());
}

Test(log_rate, sources_differ_by_kind_level_user_and_handler)
{
    static const char one[] = "", two[] = "x";
    struct log_about root = {.has_uid = true}, other = {.has_uid = true, .uid = 7};
    struct log_about first = {.handler = "echo/127.0.0.1:1", .socket = 5};
    struct log_about second = {.handler = "echo/127.0.0.1:2", .socket = 6};
    struct log_about third = {.handler = "web/127.0.0.1:2", .socket = 6};
    cr_assert_eq(log_rate_source(one, LOG_INFO, &root), log_rate_source(one, LOG_INFO, &root));
    cr_assert_neq(log_rate_source(one, LOG_INFO, &root), log_rate_source(two, LOG_INFO, &root));
    cr_assert_neq(log_rate_source(one, LOG_INFO, &root), log_rate_source(one, LOG_WARN, &root));
    cr_assert_neq(log_rate_source(one, LOG_INFO, &root), log_rate_source(one, LOG_INFO, &other));
    cr_assert_neq(log_rate_source(one, LOG_INFO, &root), log_rate_source(one, LOG_INFO, NULL));
    /* one server is one source, however many peers it has */
    cr_assert_eq(log_rate_source(one, LOG_INFO, &first), log_rate_source(one, LOG_INFO, &second));
    cr_assert_neq(log_rate_source(one, LOG_INFO, &third), log_rate_source(one, LOG_INFO, &second));
}
