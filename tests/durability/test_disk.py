"""A full disk and a read-only one: a clear error, nothing acknowledged that is not kept, and everything
there again after a restart with room. Needs root, for a private file system."""

import os
import shutil
import subprocess
import sys
import unittest

import harness

NO_RIGHTS = 77


def mount(*words):
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0


class Disk(unittest.TestCase):
    def test_full(self):
        with harness.Daemon(start=False, config={"journal": {"map": "1MiB", "image": "1ms"}}) as d:
            if not mount("-t", "tmpfs", "-o", "size=2m", "small", d.path("state")):
                self.skipTest("a private file system could not be mounted")
            try:
                d.start()
                acknowledged = 0
                with d.client() as c:
                    while d.running():
                        try:
                            status, reply = c.ask("publish", harness.event(acknowledged, note="x" * 3000), patience=5)
                        except AssertionError:
                            break
                        self.assertEqual((status, reply["accepted"]), ("OK", 1))
                        acknowledged += 1
                harness.wait_for(lambda: not d.running(), "the end of thawd")
                self.assertNotEqual(d.process.returncode, 0)
                self.assertIn("make room on that file system", d.log())
                d._forget()
                self.assertGreater(acknowledged, 50)
                self.assertTrue(mount("-o", "remount,size=16m", d.path("state")))
                d.start()
                events = d.ok("events", {"limit": 10000})["events"]
                # the one that failed was not acknowledged; it may not be there
                self.assertEqual([e["event"]["id"] for e in events], [f"e{n}" for n in range(acknowledged)])
                self.assertEqual(d.publish(harness.event(acknowledged))["accepted"], 1)

                # read-only: refused at start with the place named
                d.stop()
                self.assertTrue(mount("-o", "remount,ro", d.path("state")))
                with self.assertRaisesRegex(AssertionError, "Read-only file system"):
                    d.start()
                self.assertTrue(mount("-o", "remount,rw", d.path("state")))
                d.process = None
                d.start()
                self.assertEqual(d.publish(harness.event(0, note="x" * 3000))["duplicates"], 1)
                d.stop()
            finally:
                if d.running():
                    d.kill()
                subprocess.run(["umount", "-l", d.path("state")], check=False)

    def test_full_from_the_start(self):
        """However little room there is for a new journal: thawd runs, or says what is wanting."""
        with harness.Daemon(start=False) as d:
            if not mount("-t", "tmpfs", "-o", "size=1m", "small", d.path("state")):
                self.skipTest("a private file system could not be mounted")
            try:
                for pages in (0, 1, 2, 3, 5, 8):
                    with open(d.path("state", "rest"), "wb") as rest, open(d.path("state", "filler"), "wb", 0) as filler:
                        rest.write(b"x" * 4096 * pages)
                        rest.flush()
                        with self.assertRaises(OSError):
                            while filler.write(b"x" * 4096):
                                pass
                    os.unlink(d.path("state", "rest"))
                    said = len(d.log())
                    with self.assertRaises(AssertionError, msg=pages):
                        d.start()
                        with d.client() as c:
                            c.ask("publish", harness.event(1), patience=1)
                    harness.wait_for(lambda: not d.running(), "the end of thawd")
                    self.assertEqual(d.process.returncode, 1, (pages, d.log()[said:]))
                    self.assertIn("make room on that file system", d.log()[said:], pages)
                    d._forget()
                    os.unlink(d.path("state", "filler"))
                d.start()
                self.assertEqual(d.publish(harness.event(1))["accepted"], 1)
                d.stop()
            finally:
                if d.running():
                    d.kill()
                subprocess.run(["umount", "-l", d.path("state")], check=False)

    def test_file_taken_away(self):
        """What nobody would find again is not acknowledged."""
        def removed(d):
            os.unlink(d.path("state", "journal", "data.mdb"))

        def all_removed(d):
            shutil.rmtree(d.path("state", "journal"))

        def moved(d):
            os.rename(d.path("state"), d.path("aside"))
            os.mkdir(d.path("state"))

        def exchanged(d):
            shutil.copy(d.path("state", "journal", "data.mdb"), d.path("copy"))
            os.rename(d.path("copy"), d.path("state", "journal", "data.mdb"))

        for take in removed, all_removed, moved, exchanged:
            with self.subTest(take=take.__name__), harness.Daemon([harness.ANY_RELEASE]) as d:
                d.publish(harness.event(1))
                take(d)
                with d.client() as c:
                    with self.assertRaisesRegex(AssertionError, "no answer"):
                        c.ask("publish", harness.event(2), patience=1)
                harness.wait_for(lambda: not d.running(), "the end of thawd")
                self.assertEqual(d.process.returncode, 1)
                self.assertIn("data.mdb was removed or exchanged", d.log())
                self.assertIn("alert 1: any-release for BY is firing", d.log())
                self.assertNotIn("alert 2:", d.log())  # its number will be another's
                d._forget()


if __name__ == "__main__":
    if os.geteuid() != 0 or os.environ.get("THAW_OWN_MOUNTS") is None:
        if os.geteuid() != 0:
            print("skipped: mounting a small file system needs root")
            sys.exit(NO_RIGHTS)
        unshare = ["unshare", "--mount", "--propagation", "private"]
        if subprocess.run([*unshare, "true"], check=False).returncode != 0:
            print("skipped: no private mounts here (in a chroot, for instance)")
            sys.exit(NO_RIGHTS)
        done = subprocess.run([*unshare, sys.executable, "-B", *sys.argv],
                              env=dict(os.environ, THAW_OWN_MOUNTS="1"), check=False)
        sys.exit(done.returncode)
    harness.main()
