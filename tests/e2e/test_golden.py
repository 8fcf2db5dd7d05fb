"""What a live daemon says of its methods is what protocol/golden/ has promised."""
import sys

import sockd_test

sys.path.insert(0, str(sockd_test.SOURCE / "scripts"))
import golden  # noqa: E402
import protocol_api  # noqa: E402

HINT = "scripts/golden.py BUILD writes the file anew, unless the level is released"


class TestGolden(sockd_test.Case):
    def setUp(self):
        super().setUp()
        with self.daemon().client() as client:
            self.api = client.call("sockd.api")
            self.level = client.call("sockd.hello")["level"]

    def test_every_promise_is_kept(self):
        self.assertEqual(golden.differences(self.api), [], HINT)

    def test_the_level_is_the_one_that_hello_tells(self):
        self.assertEqual(self.api["level"], self.level)
        newest = max(row["level"] for row in self.api["methods"] + self.api["notifications"])
        self.assertLessEqual(newest, self.level)

    def test_the_program_that_the_scripts_ask_says_the_same(self):
        self.assertEqual(protocol_api.of_build(sockd_test.BIN.parent), self.api)

    def test_every_word_is_explained(self):
        """A generator of clients finds each type, option and result that a row names."""
        for method in self.api["methods"]:
            for param in method["params"]:
                self.assertIn(param["type"], self.api["types"], method["name"])
            for option in method["options"]:
                self.assertIn(option, self.api["options"], method["name"])
            self.assertIn(method["result"], self.api["results"], method["name"])

    def test_a_change_is_noticed(self):
        """Of any kind: a parameter's type, what is optional, the result, who may call, the name."""
        def changed(change):
            api = {**self.api, "methods": [dict(row) for row in self.api["methods"]]}
            row = next(row for row in api["methods"] if row["name"] == "read")
            row["params"] = [dict(param) for param in row["params"]]
            change(api, row)
            return golden.differences(api)

        self.assertEqual(changed(lambda api, row: None), [])
        for change in (lambda api, row: row["params"][1].update(type="bytes"),
                       lambda api, row: row["params"][2].update(required=True),
                       lambda api, row: row["params"].pop(),
                       lambda api, row: row.update(result="text or nil"),
                       lambda api, row: row.update(caller="administrator"),
                       lambda api, row: row.update(waits="never"),
                       lambda api, row: row.update(options=[]),
                       lambda api, row: row.update(name="reed"),
                       lambda api, row: api["methods"].remove(row)):
            self.assertIn("has no longer: read(", changed(change)[0])


sockd_test.main()
