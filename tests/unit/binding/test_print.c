/* print. */
#include "binding_fixture.h"

#include "binding/sink.h"

#include <fcntl.h>
#include <unistd.h>

TestSuite(print, .init = fixture_up, .fini = fixture_down);

Test(print, lines)
{
    fixture_capture();
    fixture_lua("print() print(1, nil, true, 'x') print(setmetatable({}, {__tostring = function()"
                " return 'named' end})) print('a\\0b')");
    cr_assert_arr_eq(fixture_captured(), "\n1\tnil\ttrue\tx\nnamed\na\0b\n",
                     sizeof "\n1\tnil\ttrue\tx\nnamed\na\0b\n");
}

Test(print, comes_after_what_io_wrote)
{
    fixture_capture();
    fixture_lua("io.write('first ') print('second')");
    cr_assert_str_eq(fixture_captured(), "first second\n");
}

Test(print, wants_text_from_tostring)
{
    cr_assert_not_null(strstr(fixture_lua("print(setmetatable({}, {__tostring = function()"
                                          " return {} end}))"),
                              "must return a string"));
}

Test(print, a_reader_that_stalls_keeps_the_printing_fiber_waiting_and_no_other)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    cr_assert_geq(dup2(ends[1], STDOUT_FILENO), 0);
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    struct binding_config config = {0};
    fixture_configure(&config);
    fixture_start("for i = 1, 200000 do print('0123456789') end done = true");
    fixture_run_rounds(50);
    cr_assert_eq(binding_busy(binding), 1);
    cr_assert_gt(sink_pending(binding_sink(binding)), 0);
    fixture_start("assert(not done) others = true");
    fixture_run_rounds(50);
    size_t total = 0;
    char bytes[65536];
    while (binding_busy(binding) > 0 || sink_pending(binding_sink(binding)) > 0) {
        ssize_t got = read(ends[0], bytes, sizeof bytes);
        total += got > 0 ? (size_t)got : 0;
        fixture_turn();
    }
    dup2(saved, STDOUT_FILENO);
    close(saved);
    for (ssize_t got; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
        total += (size_t)got;
    close(ends[0]);
    cr_assert_eq(total, 200000 * 11);
    cr_assert_str_eq(fixture_lua("return others, done"), "true true");
}
