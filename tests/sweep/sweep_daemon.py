"""Sweeps a daemon: every scenario, each of its calls failing in turn.

    sweep_daemon.py [--kinds memory,calls] [--only REGEX] [--most N] [--every N] [--point SCENARIO=POINT]
"""
import pathlib
import re
import shutil
import sys
import tempfile
import time

import daemon_scenarios
import faults
import points
import sockd_test
import sweep_options
import world as worlds

# KiB by which Lua's memory may grow: spare fibers, tables that stay as large as they were.
LUA_SLACK = 256


class Sweep:
    def __init__(self, folder, options):
        self.options = options
        program = faults.LUA_PROGRAM if "lua" in options.kinds else sockd_test.BIN / "sockd"
        self.world = worlds.World(folder, options.arguments, program)
        self.table = points.Table()
        self.turn = 0
        self.logged = {}

    def act(self, steps):
        """(fate, about, result) of what happens under the fault."""
        world = self.world
        try:
            result = world.finish(steps)
            return "fine", "", result
        except sockd_test.RpcError as error:
            if not error.name or not error.message:
                return "wrong", f"an error without name or sentence: {error}", None
            return "refused", error.name, None
        except (EOFError, ConnectionError, BrokenPipeError) as error:
            return "dropped", type(error).__name__, None
        except worlds.Stuck as stuck:
            return "stuck", str(stuck), None
        except TimeoutError as error:
            return "stuck", f"a client: {error}", None
        except OSError as error:
            return "dropped", str(error), None

    def baseline(self, scenario):
        """What the scenario answers, and the calls that it makes."""
        world = self.world
        for _ in range(3):  # what comes once has come
            steps = world.prepare(scenario)
            world.page.count(self.options.kinds)
            fate, about, result = self.act(steps)
            world.page.off()
            seen = world.page.seen()
            world.clean()
            if fate not in ("fine",):
                raise AssertionError(f"without a fault: {fate} {about}\n{world.log_text()[-2000:]}")
        world.base = None
        for _ in range(20):
            world.base = world.state()
            time.sleep(0.005)
            if world.state() == world.base:
                break
        return result, seen

    def culprit(self):
        return " < ".join(self.world.page.culprit(self.world.symbols)[:5])

    def try_point(self, name, scenario, point, expected):
        """(fate, about)"""
        world = self.world
        steps = world.prepare(scenario)
        world.page.fail(point.number, point.error, point.first, point.last)
        fate, about, result = self.act(steps)
        if point.persistent and not world.relented and world.alive() and world.page.failed():
            world.spins = world.busy()
        failed = world.page.failed()
        world.page.off()
        late = world.relented
        if fate == "fine" and result != expected:
            fate, about = "wrong", f"{result!r:.60} for {expected!r:.60}"
        about += " | " + self.culprit()
        if not world.alive() or world.page.death():
            return "death", self.obituary()
        try:
            left = self.check()
        except Exception as error:  # whatever it is, the daemon does not answer
            if not world.alive() or world.page.death():
                return "death", self.obituary()
            self.restart()
            return "no ping", f"{type(error).__name__} {error}: {about}"
        if left:
            self.restart()
            return "leak", f"{left} | {about}"
        if fate in points.FAULTS:
            return fate, about
        if world.spins:
            return "spin", about
        if not failed:
            return "not met", ""
        return ("late" if late and fate == "fine" else fate), about

    def check(self):
        world = self.world
        world.clean()
        if world.root.call("sockd.ping") != "pong":
            raise AssertionError("no pong")
        with sockd_test.Client(world.path) as client:
            client.sock.settimeout(worlds.END)
            client.call("sockd.ping")
            if "lua" in self.options.kinds and client.call("sockd.eval", "return 1") != 1:
                raise AssertionError("no eval")
        return world.settled()

    def lua_memory(self):
        """KiB that Lua cannot do without."""
        return self.world.root.call("sockd.eval", "collectgarbage() collectgarbage() return collectgarbage('count')")

    def check_lua_memory(self, name, before, starts):
        """Whether all is back after the scenario's points."""
        if "lua" not in self.options.kinds or starts != self.world.started:
            return
        more = self.lua_memory() - before
        if more > LUA_SLACK:
            self.table.note(name, points.Point(faults.LUA_LIMIT, 12, 0, 0), "leak", f"{more:.0f} KiB of Lua's memory")

    def obituary(self):
        world = self.world
        status = world.process.wait(60)
        stack = " < ".join(world.page.death_stack(world.symbols)[:4])
        lines = world.log_text().splitlines()[-1:]
        about = f"status {status} in {stack} after {self.culprit()} {lines}"
        self.restart()
        return about

    def restart(self):
        status = self.world.stop()
        if status not in (0, -6, -11, -9, 1):
            print(f"ended with {status}: {self.world.log_text()[-600:]}", flush=True)
        for thing in self.world.kept:
            thing.close()
        self.world.kept.clear()
        self.world.start()
        self.rewarm = True

    def sweep(self, name, scenario):
        expected, seen = self.baseline(scenario)
        self.rewarm = False
        memory, starts = self.lua_memory(), self.world.started
        for point in points.plan(seen, self.options.kinds, self.options.most):
            self.turn += 1
            if self.turn % self.options.every:
                continue
            if self.rewarm:
                self.rewarm = False
                self.baseline(scenario)
            fate, about = self.try_point(name, scenario, point, expected)
            self.table.note(name, point, fate, about)
            if fate in points.FAULTS:
                print(f"{name} {point}: {fate} {about}", file=sys.stderr, flush=True)
            if self.options.verbose:
                print(f"{name} {point}: {fate} {about}", flush=True)
        self.check_lua_memory(name, memory, starts)

    def run(self):
        for name, scenario in daemon_scenarios.SCENARIOS.items():
            if not re.search(self.options.only, name):
                continue
            began = time.monotonic()
            try:
                self.sweep(name, scenario)
            except (AssertionError, OSError, EOFError, sockd_test.RpcError) as error:
                self.table.note(name, points.Point(511, 12, 0, 0), "wrong", str(error)[:300])
                self.restart()
            row = self.table.rows[name]
            print(f"{name}: {row['tried']} points, {sum(row[f] for f in points.FAULTS)} faults, "
                  f"{time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
        status = self.world.stop()
        if status != 0:
            self.table.note("end", points.Point(511, 12, 0, 0), "death",
                            f"status {status} {self.world.log_text()[-500:]}")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sockd-sweep-"))
    chosen = sweep_options.parse()
    try:
        sweep = Sweep(folder, chosen)
        try:
            sweep.run()
        except KeyboardInterrupt:
            print("interrupted")
        finally:  # at the latest
            sweep.world.process.kill()
            sweep.world.process.wait()
        sweep.table.print("daemon")
        reports = sorted(folder.glob("sanitizer*"))
        for report in reports:
            print(report.read_text(errors="replace")[:6000])
        sys.exit(sweep.table.faults > 0 or bool(reports))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
