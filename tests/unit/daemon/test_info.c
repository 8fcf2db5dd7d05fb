/* sockd.info: what scripts see of the daemon. */
#include "info.h"

#include "config/options.h"
#include "lua_fixture.h"

#include <criterion/criterion.h>

static struct options options;
static char reason[256];

static void up(void)
{
    static char words[4][20] = {"sockd", "--grace=0.5", "--allow=unix", "--load=/a.lua"};
    char *argv[] = {words[0], words[1], words[2], words[3]};
    fixture_up();
    cr_assert_eq(options_parse(&options, 4, argv, reason, sizeof reason), 0);
    cr_assert_eq(info_open(runtime, &options, "/run/x.sock"), 0);
}

static void down(void)
{
    fixture_down();
    options_deinit(&options);
}

TestSuite(info, .init = up, .fini = down);

static void passes(const char *text)
{
    const char *error = fixture_load(fixture_file("info.lua", text));
    cr_assert_str_eq(error, "");
}

Test(info, it_tells_what_runs)
{
    passes("local info = require('sockd').info "
           "assert(info.version == '" SOCKD_VERSION "') assert(info.socket == '/run/x.sock')"
           "assert(info.uptime >= 0 and info.uptime < 60) assert(info.pid > 1)"
           "assert(info.other == nil and info[1] == nil)");
}

Test(info, the_options_in_force_are_there_with_their_defaults)
{
    passes("local cfg = sockd.info.cfg assert(cfg.grace == 0.5 and cfg.handler_cpu == 5 and "
           "cfg.grace_c == 0.1)"
           "assert(cfg.lua_memory == 512 * 1024 * 1024 and cfg.jit == false)"
           "assert(cfg.log_level == 'info' and cfg.quota_requests == 16384)"
           "assert(#cfg.allow == 1 and cfg.allow[1] == 'unix' and cfg.load[1] == '/a.lua')"
           "assert(cfg.socket_group == nil and cfg.config == nil and cfg.help == nil)");
}

Test(info, it_cannot_be_changed)
{
    passes("local ok, why = pcall(function() sockd.info.pid = 1 end) "
           "assert(not ok and why:find('sockd.info is read%-only'))"
           "sockd.info.cfg.grace = 7 assert(sockd.info.cfg.grace == 0.5)"
           "assert(getmetatable(sockd.info) == false and not pcall(setmetatable, sockd.info, {}))"
           "assert(sockd.info().cfg.grace == 0.5 and sockd.info().pid == sockd.info.pid)");
}
