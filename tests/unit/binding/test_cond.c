/* Condition variables: how a wait ends. */
#include "binding_fixture.h"

TestSuite(cond, .init = fixture_up, .fini = fixture_down);

#define COND "local fiber = require('fiber') local c = fiber.cond() "
#define WITHIN_C(text) \
    "return ('%s'):format(setmetatable({}, {__tostring = function() " text " end}))"
#define WAITER "local results local waiter = fiber.create(function() "
#define ENDED  " end) local function ended() fiber.sleep(0.001) return results end "

Test(cond, signals_and_deadlines)
{
    cr_assert_str_eq(
        fixture_lua(COND WAITER "results = c:wait()" ENDED "c:signal() return ended()"), "true");
    cr_assert_str_eq(
        fixture_lua(COND WAITER "results = c:wait(5)" ENDED "c:broadcast() return ended()"),
        "true");
    cr_assert_str_eq(fixture_lua(COND "return c:wait(0.001), c:wait(0)"), "false false");
    cr_assert_str_eq(fixture_lua(COND "c:signal() c:broadcast() return c:wait(0.001)"), "false");
}

/* Whoever waits has to look again at what it waits for. */
Test(cond, another_waking_is_one_too)
{
    cr_assert_str_eq(
        fixture_lua(COND WAITER "results = c:wait(5)" ENDED "waiter:wakeup() return ended()"),
        "true");
    cr_assert_str_eq(
        fixture_lua(COND WAITER "results = c:wait()" ENDED "waiter:wakeup() return ended()"),
        "true");
}

Test(cond, a_cancelled_fiber_waits_no_second_time)
{
    cr_assert_str_eq(fixture_lua(COND WAITER "local first = c:wait() "
                                             "results = tostring(first) .. ', ' .. "
                                             "select(2, pcall(c.wait, c))" ENDED
                                             "waiter:cancel() return ended()"),
                     "true, fiber is cancelled");
}

Test(cond, signal_wakes_in_order)
{
    cr_assert_str_eq(fixture_lua(COND "local order = '' for i = 1, 3 do fiber.create(function() "
                                      "c:wait() order = order .. i end) end "
                                      "c:signal() fiber.sleep(0.001) local one = order "
                                      "c:broadcast() fiber.sleep(0.001) return one, order"),
                     "1 123");
}

Test(cond, arguments)
{
    cr_assert_str_eq(fixture_lua(COND "return (c:wait('x'))"),
                     "error: test:1: usage: cond:wait([timeout])");
    cr_assert_str_eq(fixture_lua(COND "return (c.signal())"),
                     "error: test:1: usage: cond:signal()");
    cr_assert_str_eq(fixture_lua(COND "return tostring(c), getmetatable(c)"), "cond fiber.cond");
    cr_assert_not_null(strstr(fixture_lua(COND WITHIN_C("c:wait(0)")), "cannot wait here"));
}
