"""One topic under Tarantool and under sockd: test_tarantool.py TOPIC. Without a topic, the table of
accepted differences against the cases and the document."""
import sys
import unittest

import conformance


class Topic(unittest.TestCase):
    """Every answer is Tarantool's, or the one that differences.txt has for it."""

    topic = None
    maxDiff = None

    def check(self, mode):
        table = conformance.Table()
        listed = {d.case for d in table.of_topic(self.topic) if d.covers(mode)}
        problems = []
        for case, tarantool, sockd in conformance.differences(self.topic, mode):
            known = table.find(case, mode)
            listed.discard(case)
            if not known:
                problems.append(f"{case}: a difference that is not listed\n"
                                f"    tarantool  {tarantool}\n    sockd      {sockd}")
            elif (known.tarantool, known.sockd) != (tarantool, sockd):
                problems.append(f"{case}: not the difference that is listed\n"
                                f"    listed     {known.tarantool}\n          and  {known.sockd}\n"
                                f"    tarantool  {tarantool}\n    sockd      {sockd}")
        problems += [f"{case}: is listed, but there is no difference any more" for case in listed]
        if problems:
            self.fail(f"{len(problems)} of {self.topic}, {mode}:\n" + "\n".join(sorted(problems)))

    def test_nonblock(self):
        self.check("nonblock")

    def test_blocking(self):
        self.check("blocking")


class Differences(unittest.TestCase):
    def setUp(self):
        self.table = conformance.Table()

    def test_rows_are_described(self):
        self.assertEqual(sorted(self.table.reasons), sorted(conformance.rows_of_document()))

    def test_rows_have_reasons_and_cases(self):
        for row, reason in self.table.reasons.items():
            with self.subTest(row):
                self.assertTrue(reason)
                self.assertNotIn("TODO", " ".join(reason))
                self.assertTrue([d for d in self.table.differences if d.row == row])

    def test_only_the_mode_differs_by_mode(self):
        for difference in self.table.differences:
            if difference.row == "mode":
                self.assertEqual(difference.mode, "blocking", difference.case)

    def test_nothing_is_listed_twice(self):
        for difference in self.table.differences:
            for mode in conformance.MODES:
                self.table.find(difference.case, mode)

    def test_topics_exist(self):
        topics = conformance.topics()
        for difference in self.table.differences:
            self.assertIn(difference.case.split(".")[0], topics)

    def test_enough_is_asked(self):
        count = sum(len(conformance.case_names(topic)) for topic in conformance.topics())
        print(f"{count} cases, {len(self.table.differences)} accepted differences")
        self.assertGreater(count, 2000)


def main():
    if len(sys.argv) > 1 and sys.argv[1] in conformance.topics():
        Topic.topic = sys.argv.pop(1)
        case = Topic
    else:
        case = Differences
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(case)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()
