"""Runs `thaw import` on made files in a private folder and reads what it says."""
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

THAW = os.environ.get("THAW", "thaw")
SHARED = os.environ.get("THAW_SHARED_DIR", "")


class ImportCase(unittest.TestCase):
    """A test with a folder of its own for files and remembered lists."""

    kind = "ofac"

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="thaw-import-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        path = self.path(name)
        if isinstance(data, str):
            data = data.encode()
        with open(path, "wb") as out:
            out.write(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    def run_thaw(self, *arguments, stdin=None, kind=None):
        result = subprocess.run(
            [THAW, "import", kind or self.kind, *arguments],
            input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
        self.assertNotIn(b"Sanitizer", result.stderr)
        self.assertGreaterEqual(result.returncode, 0, result.stderr)
        return result

    def take(self, name, data, *options, state="state", kind=None):
        """Imports data under a file name: (exit code, events)."""
        path = self.write(name, data)
        result = self.run_thaw("--json", "--state", self.path(state), *options, path, kind=kind)
        return result.returncode, [json.loads(line) for line in result.stdout.splitlines()]

    def good(self, name, data, *options, **more):
        """The events of a list that must be taken, without the feed's own."""
        code, events = self.take(name, data, *options, **more)
        self.assertEqual(code, 0, events)
        self.assertEqual([e["state"] for e in events if e["kind"] == "feed"], ["ok"])
        self.assertEqual(events[-1]["kind"], "feed")
        return events[:-1]

    def broken(self, name, data, *options, state="state", **more):
        """The list must be refused: one word of the feed, and nothing remembered."""
        before = self.remembered(state)
        code, events = self.take(name, data, *options, state=state, **more)
        self.assertEqual(code, 1, events)
        self.assertEqual([(e["kind"], e.get("state")) for e in events], [("feed", "broken")])
        self.assertEqual(self.remembered(state), before)
        return events[0]

    def remembered(self, state="state"):
        """The bytes of all remembered lists."""
        folder = self.path(state)
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        held = {}
        for name in names:
            if not name.endswith((".lock", ".word")):
                with open(os.path.join(folder, name), "rb") as file:
                    held[name] = file.read()
        return held


def acts(events):
    """What happened to whom, as a sorted list of (action, first id, country)."""
    return sorted((e["action"], e["targets"][0]["ids"][0], e["country"]) for e in events)


def shared(*parts):
    """A path of the real data; ends the program as skipped where it is not there."""
    path = os.path.join(SHARED, "data", *parts)
    if not SHARED or not os.path.exists(path):
        print(f"skipped: {path} is not there")
        sys.exit(77)
    return path


def main():
    unittest.main(verbosity=1)
