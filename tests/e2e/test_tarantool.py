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

    def test_sockd_check_knows_who_has_required_it(self):
        for text, expected in (("print(string.split('a b'))", 1),
                               ("require('tarantool')\nprint(string.split('a b'), tonumber64('1'))", 0)):
            done = sockd_test.subprocess.run([str(sockd_test.BIN / "sockd"), "check", str(self.script(text))],
                                             capture_output=True, timeout=sockd_test.PATIENCE, check=False)
            self.assertEqual(done.returncode, expected, done.stdout)


sockd_test.main()
