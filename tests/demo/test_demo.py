"""The whole of clients/demo.sh with the programs of this build: what it shows, and that it leaves
neither a process nor a file behind, also where it is interrupted."""

import os
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEMO = os.path.join(ROOT, "clients", "demo.sh")
BUILD = os.environ.get("THAW_BUILD", "")
PATIENCE = 400


def processes_of(folder):
    """Command lines of the processes that know of the folder, by an argument or their environment."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as line, \
                    open(f"/proc/{name}/environ", "rb") as environ:
                command, around = line.read(), environ.read()
        except OSError:
            continue  # it has ended, or is none of ours
        if folder.encode() in command + around:
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


class Demo(unittest.TestCase):
    def setUp(self):
        # Sockets want a short path; the blank is there to be stumbled over.
        self.folder = tempfile.mkdtemp(prefix="thaw d", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.folder)
        self.env = dict(os.environ, TMPDIR=self.folder, TERM="xterm")
        self.env.pop("NO_COLOR", None)

    def left_nothing(self):
        self.assertEqual(os.listdir(self.folder), [])
        self.assertEqual(processes_of(self.folder), [])

    def test_what_it_shows(self):
        done = subprocess.run([DEMO, BUILD], env=self.env, capture_output=True, text=True,
                              timeout=PATIENCE, stdin=subprocess.DEVNULL, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        text = done.stdout
        self.assertNotIn("\033", text)
        alerts = re.findall(r"^\d{4}-\d\d-\d\d .*?(firing|resolved|withdrawn) .*BY: ", text, re.M)
        self.assertIn("firing", alerts)
        self.assertIn("resolved", alerts)
        self.assertRegex(text, r"(?m)^released +\d+ ")
        for part in ("open:", "disagreements:", "tallies:", "measures", "persons", "sources"):
            self.assertRegex(text, rf"(?m)^{part}")
        self.assertRegex(text, r"(?m)^ *rule +mass-release|^ *incident|^ *alert")
        self.assertLess(len(text.splitlines()), 350)
        self.left_nothing()

    def test_colours_on_a_terminal_and_interrupted(self):
        ours, theirs = pty.openpty()
        with subprocess.Popen([DEMO, BUILD], env=self.env, stdin=subprocess.DEVNULL, stdout=theirs,
                              stderr=theirs, start_new_session=True) as demo:
            os.close(theirs)
            text = b""
            killed = False
            try:
                while chunk := os.read(ours, 65536):
                    text += chunk
                    if b"firing" in text and not killed:
                        self.assertTrue(processes_of(self.folder))
                        os.killpg(demo.pid, signal.SIGINT)
                        killed = True
            except OSError:
                pass  # a terminal whose other end is closed
            os.close(ours)
            self.assertNotEqual(demo.wait(PATIENCE), 0)
        self.assertIn(b"\033[1m", text)
        self.assertRegex(text, rb"\033\[31mfiring")
        end = time.monotonic() + 60
        while (os.listdir(self.folder) or processes_of(self.folder)) and time.monotonic() < end:
            time.sleep(0.1)
        self.left_nothing()

    def test_a_build_that_is_none(self):
        done = subprocess.run([DEMO, self.folder + "/nowhere"], env=self.env, capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("nowhere/daemon/thawd", done.stderr)
        self.left_nothing()


if __name__ == "__main__":
    unittest.main()
