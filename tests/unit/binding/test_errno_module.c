/* The module errno against the C library. */
#include "binding_fixture.h"

TestSuite(errno_module, .init = fixture_up, .fini = fixture_down);

Test(errno_module, knows_every_constant)
{
    char code[128];
    for (int number = 1; number < 134; number++) {
        const char *name = strerrorname_np(number);
        if (name == NULL)
            continue;
        snprintf(code, sizeof code, "return require('errno').%s == %d", name, number);
        cr_assert_str_eq(fixture_lua(code), "true", "%s", name);
    }
}

Test(errno_module, is_the_fibers_own)
{
    struct fiber *fiber =
        fiber_find(binding_vm(binding), fixture_start("fiber = require('fiber')"
                                                      "fiber.sleep(0.001)"
                                                      "return require('errno')()"));
    fiber_set_errno(fiber, ENOTTY);
    fixture_run();
    cr_assert_str_eq(fixture_lua("return require('errno')()"), "0");
}

Test(errno_module, sentences)
{
    cr_assert_str_eq(fixture_lua("return require('errno').strerror(2)"), strerror(2));
}
