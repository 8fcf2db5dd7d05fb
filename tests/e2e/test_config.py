"""The configuration file, as an administrator uses it: with the daemon, and against its flags."""
import os
import subprocess

import sockd_test


def with_reserve(quota):
    """What a quota comes to for this user: root has a reserve."""
    return quota + quota // 4 + 16 if os.geteuid() == 0 else quota


class TestConfig(sockd_test.Case):
    def config(self, text):
        return self.script(text, name="sockd.lua")

    def refused(self, *args):
        """What sockd says and ends with when it does not even start."""
        done = subprocess.run([str(sockd_test.BIN / "sockd"), *map(str, args)], text=True,
                              capture_output=True, timeout=sockd_test.PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        return done.stderr

    def test_the_file_sets_what_runs(self):
        script = self.script("function hello(s) s:write('hello\\n') end", name="hello.lua")
        config = self.config(f"""
            sockd.cfg {{
                load = "{script}",
                quota_sockets = 3,
                log_level = "verbose",
                admin_group = 4711,
            }}""")
        daemon = self.daemon("--config", config)
        with daemon.client() as client:
            handle, address = client.call("tcp_server", "127.0.0.1", 0, "hello")
            peer = self.keep(sockd_test.connect(address["port"]))
            self.assertEqual(peer.recv(100), b"hello\n")
            client.call("close", handle)
            limits = client.call("sockd.hello")["limits"]
            self.assertEqual(limits["sockets"], with_reserve(3))

    def test_flags_go_before_the_file(self):
        config = self.config("sockd.cfg{socket = '/nonexistent/socket', quota_clients = 5}")
        daemon = self.daemon("--config", config, "--quota-clients", 9)  # and --socket
        with daemon.client() as client:
            self.assertEqual(client.call("sockd.hello")["limits"]["clients"], with_reserve(9))

    def test_a_mistake_keeps_the_daemon_from_starting(self):
        config = self.config("sockd.cfg {\n    grace = 5,\n    quota_client = 7,\n}\n")
        self.assertEqual(self.refused("--config", config),
                         f"sockd: {config}:3: unknown option quota_client; did you mean "
                         "quota_clients?\n")
        self.assertIn("/none.lua: No such file", self.refused("--config", "/none.lua"))
        config.write_text("os.execute('touch /tmp/never')")
        self.assertIn(f"{config}:1: there is no os here", self.refused("--config", config))

    def test_a_file_that_never_ends_does(self):
        config = self.config("while true do end")
        self.assertIn("it computes for too long", self.refused("--config", config))


sockd_test.main()
