"""The modules of Tarantool in a service: nobody finds them who has not asked."""
import sockd_test


class TestTarantool(sockd_test.Case):
    def test_handlers_have_it_from_when_one_requires_it(self):
        daemon = self.daemon("--load", self.script("function plain() return string.split == nil and tonumber64 == nil end"))
        client = self.keep(daemon.client())
        self.assertIs(client.call("sockd.call", "plain", []), True)
        self.assertEqual(client.call("sockd.eval", "return package.loaded.uri == nil"), True)
        self.assertEqual(client.call("sockd.eval", "return require('uri').parse('host:1').service"), "1")
        self.assertIs(client.call("sockd.call", "plain", []), True)
        self.assertEqual(client.call("sockd.eval", "require('tarantool') return ('a b'):split()"), ["a", "b"])
        self.assertIs(client.call("sockd.call", "plain", []), False)

    def test_a_module_adds_nothing_to_those_that_all_share(self):
        daemon = self.daemon()
        client = self.keep(daemon.client())
        count = """local names = {}
for _, module in ipairs({string, table, math, os, io, debug, _G}) do
    for name in pairs(module) do names[#names + 1] = tostring(name) end
end
table.sort(names)
return table.concat(names, ' ')"""
        before = client.call("sockd.eval", count)
        for name in ("uri", "uuid", "digest", "yaml", "socket.unix"):
            self.assertIs(client.call("sockd.eval", f"return type(require('{name}')) == 'table'"), True)
            self.assertEqual(client.call("sockd.eval", count), before, name)
        self.assertEqual(client.call("sockd.eval", "return require('digest').md5_hex('abc')"), "900150983cd24fb0d6963f7d28e17f72")
        text = "01234567-89ab-4def-8123-456789abcdef"
        self.assertEqual(client.call("sockd.eval", f"return require('uuid').fromstr('{text.upper()}'):str()"), text)

    def test_yaml_in_a_handler_lets_others_have_their_turn(self):
        daemon = self.daemon("--load", self.script("""function read()
    local fiber, turns, done = require('fiber'), 0, false
    fiber.create(function()
        while not done do turns = turns + 1 fiber.yield() end
    end)
    local list = require('yaml').decode(('- [1, {a: b}]\\n'):rep(30000))
    done = true
    return #list, turns > 10
end"""), "--handler-cpu", "60")
        client = self.keep(daemon.client())
        self.assertEqual(client.call("sockd.call", "read", []), [30000, True])

    def test_sockd_check_knows_who_has_required_it(self):
        for text, expected in (("print(string.split('a b'))", 1),
                               ("require('tarantool')\nprint(string.split('a b'), tonumber64('1'))", 0)):
            done = sockd_test.subprocess.run([str(sockd_test.BIN / "sockd"), "check", str(self.script(text))],
                                             capture_output=True, timeout=sockd_test.PATIENCE, check=False)
            self.assertEqual(done.returncode, expected, done.stdout)


sockd_test.main()
