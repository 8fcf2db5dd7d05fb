"""docs/PROTOCOL.md is up to date and true: its examples are one conversation with a live daemon, and
a client written from it alone, in Perl, can hold one too."""
import ast
import pathlib
import re
import subprocess
import sys
import threading

import msgpack
import sockd_test

SCRIPT = sockd_test.SOURCE / "scripts" / "protocol_doc.py"
DOCUMENT = sockd_test.SOURCE / "docs" / "PROTOCOL.md"
CLIENT = pathlib.Path(__file__).resolve().parent / "foreign" / "client.pl"


def examples():
    """Each line "method(params)  →  result" of the document, and "⇐ notification(params)"."""
    for line in DOCUMENT.read_text().splitlines():
        call = re.fullmatch(r"(?:⇐ )?([\w.]+)\((.*)\)(?:  →  (.*))?", line)
        if call and ("→" in line or "⇐" in line):
            yield line, call[1], call[2], call[3]


class Numbers:
    """The document's numbers of sockets (101 to 199) and free ports (from 40001), and what they are
    today."""

    def __init__(self):
        self.today = {}

    def is_new(self, number):
        return number not in self.today and (100 < number < 200 or 40000 < number < 40010)

    def translate(self, value):
        if isinstance(value, list):
            return [self.translate(item) for item in value]
        if isinstance(value, dict):
            return {key: self.translate(item) for key, item in value.items()}
        return self.today.get(value, value) if type(value) is int else value


def literal(text):
    """As Python writes it; `…` is left out."""
    text = re.sub(r", …(?=[}\]])", ', "…": None', text)
    return ast.literal_eval(text)


class TestDocument(sockd_test.Case):
    def test_it_is_up_to_date(self):
        done = subprocess.run([sys.executable, SCRIPT, "--check", sockd_test.BIN.parent],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_it_has_every_method_and_no_gap(self):
        text = DOCUMENT.read_text()
        methods, notifications = text.split("\n## Notifications")
        with self.daemon().client() as client:
            api = client.call("sockd.api")
        for rows, part in ((api["methods"], methods), (api["notifications"], notifications)):
            for row in rows:
                self.assertEqual(part.count(f"\n### `{row['name']}("), 1, row["name"])
        self.assertNotRegex(text, r"(?m)^[A-Z]{5,}$", "a word that should have been replaced")

    def test_its_bytes_are_those_values(self):
        pairs = re.findall(r"(?m)^((?:[0-9a-f]{2} )+) +(\[.*\])$", DOCUMENT.read_text())
        self.assertEqual(len(pairs), 2)
        for octets, value in pairs:
            self.assertEqual(msgpack.unpackb(bytes.fromhex(octets)), ast.literal_eval(value))

    def test_its_links_lead_somewhere(self):
        text = DOCUMENT.read_text()
        headings = {title.lower().replace(" ", "-") for title in re.findall(r"(?m)^#+ (.*)$", text)}
        for target in re.findall(r"\]\(#([^)]*)\)", text):
            self.assertIn(target, headings)


class TestExamples(sockd_test.Case):
    def stand_in(self):
        """A web server's stand-in: it takes connections and does nothing with them."""
        listening, port = self.server()

        def serve():
            held = []
            try:
                while True:
                    held.append(listening.accept()[0])
            except OSError:  # closed by the test's end
                for connection in held:
                    connection.close()
        threading.Thread(target=serve, daemon=True).start()
        return port

    def compare(self, expected, actual, numbers, where):
        if isinstance(expected, dict):
            self.assertIsInstance(actual, dict, where)
            if "…" not in expected:
                self.assertEqual(set(expected), set(actual), where)
            for key in set(expected) - {"…"}:
                self.compare(expected[key], actual[key], numbers, where)
        elif isinstance(expected, list):
            self.assertIsInstance(actual, list, where)
            self.assertEqual(len(expected), len(actual), where)
            for one, other in zip(expected, actual):
                self.compare(one, other, numbers, where)
        elif type(expected) is type(actual) is int and numbers.is_new(expected):
            self.assertGreater(actual, 0, where)
            numbers.today[expected] = actual
        elif type(expected) is float:
            self.assertIs(type(actual), float, where)
        else:
            self.assertEqual(numbers.translate(expected), actual, where)
            self.assertIs(type(expected), type(actual), where)

    def run_one(self, client, numbers, where, method, params, expected):
        params = numbers.translate(list(ast.literal_eval(f"({params},)" if params else "()")))
        if expected is None:
            while not client.notifications:
                client.feed()
            self.compare([2, method, params], client.notifications.pop(0), numbers, where)
        elif re.fullmatch(r"E[A-Z_]+", expected):
            self.fails(expected, client.call, method, *params)
        else:
            self.compare(literal(expected), client.call(method, *params), numbers, where)

    def test_every_example(self):
        daemon, numbers, count = self.daemon(), Numbers(), 0
        numbers.today[8080] = self.stand_in()
        with daemon.client() as client:
            for line, method, params, expected in examples():
                params = params.replace(":8080", f":{numbers.today[8080]}")
                self.run_one(client, numbers, line, method, params, expected)
                count += 1
            self.assertGreater(count, 70)
            self.assertEqual(client.notifications, [])
            for entry in client.call("sockd.list"):
                client.call("close", entry["id"])


class TestPerl(sockd_test.Case):
    def test_a_client_written_from_the_document_alone(self):
        daemon = self.daemon()
        listening, port = self.server()

        def serve():
            with listening.accept()[0] as connection:
                if sockd_test.receive(connection, 9) == b"question\n":
                    connection.sendall(b"answer\nand more")
                connection.recv(1)
        server = threading.Thread(target=serve, daemon=True)
        server.start()
        done = subprocess.run(["perl", CLIENT, str(daemon.path), str(port), str(sockd_test.free_port())],
                              capture_output=True, text=True, check=False, timeout=sockd_test.PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines(),
                         ["pong", "wrote 9", "read answer", "failed ECONNREFUSED",
                          "timed out ETIMEDOUT", "cancelled ECANCELED", "read and more", "closed"])
        server.join(sockd_test.PATIENCE)


sockd_test.main()
