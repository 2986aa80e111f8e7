"""What the tests of the offline verbs share."""

import argparse
import json
import os
import subprocess
import tempfile
import unittest


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--thaw", required=True)
    parser.add_argument("--source", required=True)
    return parser.parse_args()


class VerbTest(unittest.TestCase):
    """A folder of its own, and the program under test."""

    thaw = source = None
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="thaw-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        return path

    def write_events(self, name, events):
        return self.write(name, "".join(json.dumps(event) + "\n" for event in events))

    def run_thaw(self, *arguments, code=0):
        """Standard output; the exit code must be `code`."""
        done = subprocess.run([self.thaw, *arguments], capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.stderr = done.stderr
        return done.stdout

    def run_json(self, *arguments, code=0):
        return [json.loads(line) for line in self.run_thaw(*arguments, code=code).splitlines()]


def main():
    given = options()
    VerbTest.thaw, VerbTest.source = given.thaw, given.source
    unittest.main(argv=["test"])
