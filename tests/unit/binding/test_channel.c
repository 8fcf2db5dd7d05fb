/* Channels, where C can see more than tests/lua: who stands in a queue, and for how long. */
#include "binding_fixture.h"

TestSuite(channel, .init = fixture_up, .fini = fixture_down);

#define FIBER "fiber = require('fiber') "
#define WITHIN_C(text) \
    "return ('%s'):format(setmetatable({}, {__tostring = function() " text " end}))"

Test(channel, a_wait_costs_no_round)
{
    fixture_start(FIBER "c = fiber.channel() return c:get()");
    fixture_run_rounds(10);
    size_t busy = loop_busy(loop);
    uint32_t switches = fiber_switches(fiber_find(binding_vm(binding), 101));
    fixture_run_rounds(100);
    cr_assert_eq(fiber_switches(fiber_find(binding_vm(binding), 101)), switches);
    cr_assert_leq(loop_busy(loop), busy);
    fixture_lua("c:put('x')");
}

Test(channel, a_fiber_that_is_woken_keeps_its_place)
{
    cr_assert_str_eq(fixture_lua(FIBER
                                 "local c, order = fiber.channel(), {}"
                                 "local first = fiber.create(function() "
                                 "order[1] = 'first ' .. c:get() end)"
                                 "fiber.create(function() order[2] = 'second ' .. c:get() end)"
                                 "first:wakeup() fiber.sleep(0.001)"
                                 "c:put(1) c:put(2) fiber.sleep(0.001)"
                                 "return order[1], order[2]"),
                     "first 1 second 2");
}

Test(channel, who_was_served_before_he_was_cancelled_has_it)
{
    cr_assert_str_eq(fixture_lua(FIBER "local c, got = fiber.channel()"
                                       "local reader = fiber.create(function() got = c:get() end)"
                                       "c:put('mine') reader:cancel() fiber.sleep(0.001)"
                                       "return got, c:count()"),
                     "mine 0");
}

Test(channel, who_was_cancelled_takes_nothing)
{
    cr_assert_str_eq(fixture_lua(FIBER "local c, seen = fiber.channel(1)"
                                       "local reader = fiber.create(function() "
                                       "seen = select(2, pcall(c.get, c)) end)"
                                       "reader:cancel() fiber.sleep(0.001) c:put('kept')"
                                       "return seen, c:has_readers(), c:get()"),
                     "fiber is cancelled false kept");
}

/* One that is stopped for good can no longer take itself out of the queue. */
Test(channel, a_reader_whose_coroutine_is_gone_is_passed_over)
{
    fixture_configure(&(struct binding_config){.cpu = 0.05});
    fixture_capture();
    cr_assert_str_eq(fixture_lua(FIBER "local c = fiber.channel()"
                                       "local co = coroutine.create(function() c:get(5) end)"
                                       "local other = fiber.create(function() "
                                       "coroutine.resume(co) end)"
                                       "local seen = c:has_readers()"
                                       "other:cancel() fiber.sleep(0.001) co = nil "
                                       "collectgarbage() collectgarbage()"
                                       "return seen, c:has_readers(), c:put(1, 0)"),
                     "true false false");
    fixture_captured();
}

Test(channel, the_end_of_the_machine_meets_those_who_wait)
{
    fixture_start(FIBER "c, d, e = fiber.channel(), fiber.channel(1), fiber.cond() d:put(1)"
                        "for i = 1, 3 do fiber.create(function() c:get() end)"
                        "fiber.create(function() d:put(i) end)"
                        "fiber.create(function() e:wait() end) end");
    fixture_run_rounds(3);
    cr_assert_eq(vm_fibers(binding_vm(binding)), 9);
}

Test(channel, nobody_can_wait_within_a_c_function)
{
    cr_assert_not_null(
        strstr(fixture_lua(FIBER WITHIN_C("fiber.channel():get()")), "cannot wait here"));
    cr_assert_str_eq(fixture_lua(FIBER WITHIN_C("return tostring(fiber.channel():get(0))")), "nil");
}

Test(channel, memory_that_runs_out_leaves_it_as_it_was)
{
    fixture_configure(&(struct binding_config){.memory = 8 << 20});
    cr_assert_str_eq(fixture_lua(FIBER "local c = fiber.channel(1e9) local ok = true "
                                       "local text = ('x'):rep(1000) local n = 0 "
                                       "local function put() c:put(text .. n) end "
                                       "while ok do ok = pcall(put) "
                                       "if ok then n = n + 1 end end "
                                       "local count = c:count() c:close() "
                                       "return count == n, n > 1000"),
                     "true true");
}
