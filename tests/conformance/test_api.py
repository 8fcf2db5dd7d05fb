"""The description of the Lua API against the program: the reference is up to date, its examples do
what they say, and nothing is missing anywhere."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
BIN = pathlib.Path(os.environ.get("SOCKD_BIN", SOURCE / "build" / "bin"))
sys.path.insert(0, str(SOURCE / "scripts"))

import api_coverage  # noqa: E402
import lua_api  # noqa: E402


def expected_lines(example):
    """What stands behind --> in an example, in order."""
    return [found.strip() for found in re.findall(r"-->(.*)$", example, re.M)]


def matches(expected, printed):
    if expected.endswith("..."):
        return printed.strip().startswith(expected[:-3].strip())
    return printed.strip() == expected


def run_example(example):
    """What is wrong with an example, or None."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(example)
        file.flush()
        try:
            run = subprocess.run([BIN / "sockd", "run", HERE / "example.lua", file.name], text=True,
                                 errors="replace", capture_output=True, timeout=60,
                                 stdin=subprocess.DEVNULL, check=False)
        except subprocess.TimeoutExpired:
            return "does not end"
    if run.returncode != 0:
        return f"ends with {run.returncode}:\n{run.stdout}{run.stderr}"
    expected, printed = expected_lines(example), run.stdout.splitlines()
    if len(expected) != len(printed) or not all(map(matches, expected, printed)):
        return f"prints {printed}\n  rather than {expected}"
    return None


class Reference(unittest.TestCase):
    def test_is_up_to_date(self):
        self.assertEqual(lua_api.REFERENCE.read_text(), lua_api.render(), "run scripts/lua_api.py")

    def test_every_call_has_an_example(self):
        for item in lua_api.functions():
            with self.subTest(item.call):
                self.assertTrue(item.examples)
                self.assertTrue(item.text)

    def test_every_result_is_named(self):
        for item in lua_api.functions():
            for name, *_ in item.params + item.returns:
                self.assertTrue(name, item.call)

    def test_examples_do_what_they_say(self):
        examples = [(item.call, example) for item in lua_api.functions() for example in item.examples]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = pool.map(run_example, [example for _, example in examples])
            problems = [f"{call}: {problem}" for (call, _), problem in zip(examples, results) if problem]
        if problems:
            self.fail(f"{len(problems)} of {len(examples)} examples:\n" + "\n".join(problems))


class Coverage(unittest.TestCase):
    def test_nothing_is_missing(self):
        report = api_coverage.Report()
        print(report.summary())
        self.assertEqual(report.holes(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
