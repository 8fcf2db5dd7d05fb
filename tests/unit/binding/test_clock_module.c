/* The module clock, and the times of 64 bits in the module fiber. */
#include "binding_fixture.h"

TestSuite(clock_module, .init = fixture_up, .fini = fixture_down);

Test(clock_module, both_forms_agree)
{
    cr_assert_str_eq(
        fixture_lua("local clock = require('clock')"
                    "for _, name in ipairs({'time', 'realtime', 'monotonic', 'proc', 'thread'}) do "
                    "local seconds, long = clock[name](), clock[name .. '64']()"
                    "if type(long) ~= 'cdata' or seconds <= 0 "
                    "or math.abs(tonumber(long) / 1e9 - seconds) > 1 then return name end end "
                    "return 'well'"),
        "well");
}

Test(clock_module, clocks_of_fibers)
{
    cr_assert_str_eq(fixture_lua("local fiber = require('fiber')"
                                 "local now, clock = fiber.time64(), fiber.clock64()"
                                 "return type(now), type(clock),"
                                 "math.abs(tonumber(now) / 1e6 - fiber.time()) < 1,"
                                 "math.abs(tonumber(clock) / 1e6 - fiber.clock()) < 1"),
                     "cdata cdata true true");
}

Test(clock_module, bench)
{
    cr_assert_str_eq(fixture_lua("local clock = require('clock')"
                                 "local took = clock.bench(function(...) return ... end, 1, 'x')"
                                 "return took[1] >= 0 and took[1] < 1, took[2], took[3]"),
                     "true 1 x");
}
