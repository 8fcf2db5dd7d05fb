/* The module log: what comes out. */
#include "binding_fixture.h"

#include "util/log.h"

#include <unistd.h>

TestSuite(log_module, .init = fixture_up, .fini = fixture_down);

Test(log_module, writes_at_each_level)
{
    log_start(STDERR_FILENO, LOG_DEBUG);
    fixture_capture();
    fixture_lua(
        "local log = require('log') log.error('one %d', 1) log.warn('two') log.info('three')"
        "log.verbose('four') log.debug('100%')");
    const char *got = fixture_captured();
    cr_assert_not_null(strstr(got, "error: one 1\n"));
    cr_assert_not_null(strstr(got, "warn: two\n"));
    cr_assert_not_null(strstr(got, "info: three\n"));
    cr_assert_not_null(strstr(got, "verbose: four\n"));
    cr_assert_not_null(strstr(got, "debug: 100%\n"));
}

Test(log_module, leaves_out_what_nobody_wants)
{
    log_start(STDERR_FILENO, LOG_WARN);
    fixture_capture();
    fixture_lua("local log = require('log') log.info('not this') log.warn('but this')");
    const char *got = fixture_captured();
    cr_assert_null(strstr(got, "not this"));
    cr_assert_not_null(strstr(got, "but this"));
}

Test(log_module, a_table_is_written_as_json)
{
    log_start(STDERR_FILENO, LOG_INFO);
    fixture_capture();
    fixture_lua("local log = require('log') log.info({1, 'x'}) log.info(nil) log.info(5)");
    const char *got = fixture_captured();
    cr_assert_not_null(strstr(got, "info: [1,\"x\"]\n"), "%s", got);
    cr_assert_not_null(strstr(got, "info: nil\n"));
    cr_assert_not_null(strstr(got, "info: 5\n"));
}

Test(log_module, the_level_can_be_changed_by_name_and_by_tarantools_number)
{
    log_start(STDERR_FILENO, LOG_INFO);
    fixture_capture();
    fixture_lua("local log = require('log') log.debug('too early') log.level('debug') "
                "log.debug('seen') assert(log.level() == 'debug') log.level(5) "
                "assert(log.level() == 'info') log.level(2) assert(log.level() == 'error') "
                "log.warn('too late') assert(not pcall(log.level, 'loud')) "
                "assert(not pcall(log.level, 8)) assert(log.level() == 'error')");
    const char *got = fixture_captured();
    cr_assert_not_null(strstr(got, "debug: seen\n"), "%s", got);
    cr_assert_null(strstr(got, "too "), "%s", got);
}
