"""libsockd as a user gets it: installed, found by pkg-config and CMake, its examples run."""
import atexit
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

import sockd_test

BUILD = pathlib.Path(os.environ["SOCKD_BUILD"])
# A library with sanitizers inside needs them in the program too.
SANITIZE = ["-fsanitize=address,undefined"] if sockd_test.SANITIZED else []
STRICT = ["-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-D_POSIX_C_SOURCE=200809L"]


def run(*command, **more):
    """Runs a command that must succeed; returns what it printed."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False,
                          timeout=sockd_test.PATIENCE * 4, **more)
    if done.returncode != 0:
        raise AssertionError(f"{command}: status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Installed:
    """What `cmake --install` makes, in a folder of its own."""

    def __init__(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="sockd-installed-"))
        run("cmake", "--install", BUILD, env=dict(os.environ, DESTDIR=str(self.top)))
        config = self.find("libsockd.pc")
        self.env = dict(os.environ, PKG_CONFIG_PATH=str(config.parent),
                        PKG_CONFIG_SYSROOT_DIR=str(self.top))
        self.lib = self.find("libsockd.a").parent
        self.include = self.find("client.h").parent.parent
        self.prefix = self.include.parent

    def find(self, name):
        found = list(self.top.rglob(name))
        if len(found) != 1:
            raise AssertionError(f"{name} is installed as {found}")
        return found[0]

    def flags(self, *packages, static=False):
        more = ["--static"] if static else []
        return run("pkg-config", *more, "--cflags", "--libs", *packages, env=self.env).split()

    def examples(self):
        return self.find("poll_loop.c").parent


installed = Installed()
atexit.register(shutil.rmtree, installed.top)


class TestInstalled(sockd_test.Case):
    def names(self):
        """Every function that the headers declare."""
        names = set()
        for header in installed.include.rglob("*.h"):
            text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
            names.update(re.findall(r"^[a-z][\w ]*[ *](sockd_\w+)\(", text, flags=re.M))
        return names

    def test_what_the_headers_declare_is_exported_and_nothing_else(self):
        names = self.names()
        self.assertGreater(len(names), 120)
        output = run("nm", "-D", "--defined-only", installed.lib / "libsockd.so")
        exported = dict(line.split()[-1].split("@@") for line in output.splitlines()
                        if line.split()[1] == "T")
        self.assertEqual(set(exported), names)
        self.assertEqual(set(exported.values()), {"SOCKD_0"})
        kinds = {line.split()[1] for line in output.splitlines()}
        self.assertLessEqual(kinds, {"T", "A"}, "there is data among the symbols")

    def test_the_static_library_shows_the_same(self):
        output = run("nm", "-g", "--defined-only", installed.lib / "libsockd.a")
        shown = {line.split()[2] for line in output.splitlines() if len(line.split()) == 3}
        self.assertEqual(shown, self.names())

    def test_the_soname(self):
        output = run("readelf", "-d", installed.lib / "libsockd.so")
        self.assertEqual(re.findall(r"SONAME.*\[(.*)\]", output), ["libsockd.so.0"])
        self.assertTrue((installed.lib / "libsockd.so.0").exists())

    def test_each_header_stands_alone_in_c_and_c_plus_plus(self):
        empty = self.folder / "empty.c"
        empty.write_text("typedef int something;\n")
        for header in sorted(installed.include.rglob("*.h")):
            name = f"{header.parent.name}/{header.name}"
            for compiler in (["cc", *STRICT, "-xc"],
                             ["clang++", "-std=c++11", "-pedantic", "-Wall", "-Wextra", "-Werror",
                              "-xc++"]):
                with self.subTest(header=name, compiler=compiler[0]):
                    run(*compiler, "-fsyntax-only", f"-I{installed.include}", "-include", name,
                        empty)

    def test_nothing_of_other_libraries_is_in_the_headers(self):
        allowed = {"limits.h", "math.h", "stdbool.h", "stddef.h", "stdint.h"}
        for header in installed.include.rglob("*.h"):
            for name in re.findall(r"#include <(.*)>", header.read_text()):
                self.assertTrue(name in allowed or name.startswith("sockd/"), f"{header}: {name}")

    def test_cmake_finds_it(self):
        folder = self.folder / "project"
        folder.mkdir()
        (folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(user C)\n"
            "find_package(sockd 0.1 REQUIRED)\n"
            "add_executable(shared main.c)\ntarget_link_libraries(shared sockd::client)\n"
            "add_executable(static main.c)\ntarget_link_libraries(static sockd::client_static)\n")
        (folder / "main.c").write_text(
            "#include <sockd/client.h>\n#include <stdio.h>\n#include <string.h>\n"
            "int main(void)\n{\n    puts(sockd_version());\n"
            "    return strcmp(sockd_version(), SOCKD_VERSION);\n}\n")
        run("cmake", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={installed.prefix}",
            f"-DCMAKE_C_FLAGS={' '.join(SANITIZE)}")
        run("cmake", "--build", folder / "build")
        version = run("pkg-config", "--modversion", "libsockd", env=installed.env)
        for program in ("shared", "static"):
            self.assertEqual(run(folder / "build" / program), version)


class TestExamples(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.env = dict(os.environ, SOCKD_SOCKET=str(self.sockd.path),
                        LD_LIBRARY_PATH=str(installed.lib),
                        ASAN_OPTIONS=f"log_path={self.folder}/sanitizer",
                        UBSAN_OPTIONS=f"log_path={self.folder}/sanitizer")

    def tearDown(self):
        self.assertEqual(list(self.folder.glob("sanitizer*")), [])
        super().tearDown()

    def build(self, name, *packages, static=False, source=None):
        program = self.folder / name
        source = source or installed.examples() / f"{name}.c"
        flags = installed.flags("libsockd", *packages, static=static)
        if static:
            flags = [installed.lib / "libsockd.a" if flag == "-lsockd" else flag for flag in flags]
        run("cc", *STRICT, *SANITIZE, "-o", program, source, *flags)
        return program

    def serve(self, function):
        """Runs function(connection) for each connection in a thread; returns the port."""
        sock, port = self.server()

        def accept():
            while True:
                try:
                    connection = sock.accept()[0]
                except OSError:
                    return
                with connection:
                    function(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        self.stack.callback(thread.join)
        self.stack.callback(sock.shutdown, 2)
        return port

    def test_blocking(self):
        port = self.serve(lambda sock: sock.sendall(sock.makefile("rb").readline().upper()))
        for static in (False, True):
            program = self.build("blocking", static=static)
            self.assertEqual(run(program, "127.0.0.1", port, "hello", env=self.env), "HELLO\n")

    def test_blocking_without_anybody_to_connect_to(self):
        program = self.build("blocking")
        done = subprocess.run([program, "127.0.0.1", str(sockd_test.free_port()), "x"], env=self.env,
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (1, "connect: ECONNREFUSED: Connection refused\n"))
        done = subprocess.run([program, "127.0.0.1", "1", "x"], capture_output=True, text=True,
                              check=False, env=dict(self.env, SOCKD_SOCKET="/nowhere"))
        self.assertEqual((done.returncode, done.stderr),
                         (3, "no daemon: No such file or directory\n"))

    def test_poll_loop(self):
        ports = [self.serve(lambda sock: sock.sendall(b"hello\n")) for _ in range(3)]
        output = run(self.build("poll_loop"), *ports, env=self.env)
        self.assertEqual(sorted(output.splitlines()), sorted(f"{port}: hello" for port in ports))

    def test_libevent_stream(self):
        data = bytes(range(256)) * 2000
        port = self.serve(lambda sock: sock.sendall(data))
        self.sockd.ctl("connect", "127.0.0.1", port, "--name", "web")
        program = self.build("libevent_stream", "libevent")
        done = subprocess.run([program, "web"], env=self.env, capture_output=True, check=False,
                              timeout=sockd_test.PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, data)
        self.sockd.ctl("close", "web")

    def test_take(self):
        data = b"first\nsecond\n" + b"x" * 300000
        port = self.serve(lambda sock: sock.sendall(data))
        output = run(self.build("take"), "127.0.0.1", port, env=self.env)
        self.assertEqual(output, "by the daemon: first\ntaken from 127.0.0.1: second\n" + "x" * 300000)

    def test_a_tour_of_the_library(self):
        program = self.build("tour", source=pathlib.Path(__file__).with_name("libsockd_tour.c"))
        with subprocess.Popen([program], env=self.env, stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            self.stack.callback(process.kill)
            line = process.stdout.readline()
            self.assertEqual(line, "restart\n", "" if line else process.stderr.read())
            self.assertEqual(self.sockd.sockets(), [])
            self.sockd.prove_clean_end()
            self.daemons.clear()
            self.daemon(path=self.sockd.path)
            output, errors = process.communicate("go\n", timeout=sockd_test.PATIENCE)
        self.assertEqual((process.returncode, output, errors), (0, "done\n", ""))


sockd_test.main()
