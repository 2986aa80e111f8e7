"""thaw journal check, export, import and compact: beside a running thawd, without one, on damage."""

import contextlib
import json
import os
import pwd
import stat
import struct
import subprocess
import unittest

import harness


def tool(d, *words, stdin=None, state="state"):
    return subprocess.run([harness.THAW, "journal", *words, "--state", d.path(state)], input=stdin,
                          capture_output=True, timeout=harness.PATIENCE, check=False)


PREFACE, ALERT = b"thaw journal 1\n\0", 16  # daemon/journal/journal_private.h has the records


def records(stream):
    """(kind, record) of an exported journal."""
    found, at = [], len(PREFACE)
    while at < len(stream):
        length, kind = struct.unpack_from("<IB", stream, at + 24)
        size = (32 + length + 7) // 8 * 8
        found.append((kind, stream[at:at + size]))
        at += size
    return found


class Tools(unittest.TestCase):
    def test_online_and_offline(self):
        with harness.Daemon([harness.ANY_RELEASE]) as d:
            for n in range(50):
                d.publish(harness.event(n), harness.event(f"x{n}", count=2))
            done = tool(d, "check", "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            whole = json.loads(done.stdout)["whole"]
            self.assertEqual((whole["reports"], whole["damaged"]), (100, 0))
            done = tool(d, "export", d.path("stream"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(tool(d, "compact").returncode, 1)  # thawd holds it
            self.assertEqual(tool(d, "import", d.path("stream")).returncode, 1)
            self.assertEqual(d.publish(harness.event(3))["duplicates"], 1)
            seq, epoch = d.status()["seq"], d.status()["epoch"]
            d.stop()
            self.assertEqual(tool(d, "compact").returncode, 0)
            self.assertEqual(tool(d, "check").returncode, 0)

            # another folder from the stream: the same journal
            os.mkdir(d.path("other"))
            done = tool(d, "import", "--json", d.path("stream"), state="other")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["imported"]["reports"], 100)
            d.configure({"state": d.path("other")})
            d.start()
            self.assertEqual((d.status()["seq"], d.status()["epoch"]), (seq, epoch))
            self.assertEqual(d.publish(harness.event(3))["duplicates"], 1)

    def test_where_an_export_goes(self):
        """A file appears whole; what is no file is written to, and stays what it is."""
        with harness.Daemon() as d:
            d.publish(harness.event(1))
            whole = tool(d, "export").stdout
            open(d.path("stream"), "wb").close()
            os.symlink(d.path("stream"), d.path("link"))
            os.mkfifo(d.path("pipe"))
            for _ in range(2):
                self.assertEqual(tool(d, "export", d.path("link")).returncode, 0)
                self.assertTrue(os.path.islink(d.path("link")))
                with open(d.path("stream"), "rb") as f:
                    self.assertEqual(f.read(), whole)
            with subprocess.Popen(["cat", d.path("pipe")], stdout=subprocess.PIPE) as reader:
                self.assertEqual(tool(d, "export", d.path("pipe")).returncode, 0)
                self.assertEqual(reader.communicate()[0], whole)
            self.assertTrue(stat.S_ISFIFO(os.stat(d.path("pipe")).st_mode))
            self.assertEqual([name for name in os.listdir(d.folder) if name.endswith(".part")], [])

    @unittest.skipUnless(os.geteuid() == 0, "not root")
    def test_what_root_makes_belongs_to_the_folders_owner(self):
        """thawd could not open it else."""
        nobody = pwd.getpwnam("nobody").pw_uid

        def owners(state):
            found = [os.path.join(where, name) for where, _, names in os.walk(d.path(state)) for name in names]
            return {os.stat(name).st_uid for name in found}, {os.stat(name).st_mode & 0o777 for name in found}

        with harness.Daemon([harness.ANY_RELEASE]) as d:
            d.publish(harness.event(1))
            d.stop()
            stream = tool(d, "export").stdout
            for where, _, names in os.walk(d.path("state")):
                for name in names + [""]:
                    os.chown(os.path.join(where, name), nobody, -1)
            for words in ("check",), ("export", d.path("stream")), ("compact",), ("check",):
                place = d.path("state", "journal", "lock.mdb")
                if os.path.exists(place):
                    os.unlink(place)
                self.assertEqual(tool(d, *words).returncode, 0)
                self.assertEqual(owners("state"), ({nobody}, {0o600}), words)
            os.mkdir(d.path("other"), 0o700)
            os.chown(d.path("other"), nobody, -1)
            self.assertEqual(tool(d, "import", stdin=stream, state="other").returncode, 0)
            self.assertEqual(owners("other"), ({nobody}, {0o600}))
            self.assertEqual(os.stat(d.path("other", "journal")).st_uid, nobody)

    def test_streams_that_are_none(self):
        with harness.Daemon() as d:
            d.publish(harness.event(1))
            whole = tool(d, "export").stdout
            os.mkdir(d.path("other"))
            for stream, says in ((b"", "this is no exported journal"), (whole[:-1], "the stream is cut"),
                                 (whole + b"x", "something follows"), (whole + whole, "something follows")):
                done = tool(d, "import", stdin=stream, state="other")
                self.assertEqual((done.returncode, done.stderr.count(b"import: ")), (1, 1), done.stderr)
                self.assertIn(says, done.stderr.decode())
                self.assertFalse(os.path.exists(d.path("other", "journal")))
            # of two streams one behind the other the second would be lost without a word
            for option in "--renumber", "--reports":
                done = tool(d, "import", option, stdin=whole + whole, state="other")
                self.assertEqual(done.returncode, 1, option)
                self.assertIn("something follows", done.stderr.decode())

    def test_an_empty_file_is_named(self):
        with harness.Daemon() as d:
            d.publish(harness.event(1))
            d.stop()
            os.truncate(d.path("state", "journal", "data.mdb"), 0)
            for words in (("check",), ("export", d.path("stream"))):
                done = tool(d, *words)
                self.assertEqual(done.returncode, 1)
                self.assertIn("data.mdb is empty: restore a copy", done.stderr.decode())

    def test_damage_is_named_and_the_rest_is_saved(self):
        with harness.Daemon() as d:
            for n in range(40):
                d.publish(harness.event(n, note=f"marked-{n:03d}-"))
            d.stop()
            path = d.path("state", "journal", "data.mdb")
            with open(path, "rb") as f:
                data = bytearray(f.read())
            for at in [i for i in range(len(data)) if data.startswith(b"marked-017-", i)]:
                data[at] ^= 1
            with open(path, "wb") as f:
                f.write(data)
            done = tool(d, "check", "--json")
            self.assertEqual(done.returncode, 1)
            self.assertIn('"number":17', done.stdout.decode())
            done = tool(d, "export")
            self.assertEqual(done.returncode, 1)
            os.mkdir(d.path("other"))
            self.assertEqual(tool(d, "import", stdin=done.stdout, state="other").returncode, 1)
            again = tool(d, "import", "--renumber", "--json", stdin=done.stdout, state="other")
            self.assertEqual(again.returncode, 0, again.stderr)
            self.assertEqual(json.loads(again.stdout)["imported"]["reports"], 39)
            d.configure({"state": d.path("other")})
            d.start()
            self.assertEqual(len(d.ok("events")["events"]), 39)

    def test_reports_without_what_was_made_of_them(self):
        """The way out where neither old settings nor old rules can be had again."""
        with harness.Daemon([harness.ANY_RELEASE]) as d:
            for n in range(3):
                d.publish(harness.event(n))
            d.stop()
            whole = tool(d, "export").stdout
            d.configure({"tolerance": {"release": "48h"}})
            refused = self.assertRaisesRegex(AssertionError, "this journal was written with")
            with refused:
                d.start()
            for option in "renumber", "reports":
                os.mkdir(d.path(option))
                done = tool(d, "import", "--" + option, "--json", stdin=whole, state=option)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(json.loads(done.stdout)["imported"]["reports"], 3)
                d.configure({"state": d.path(option), "tolerance": {"release": "48h"}})
                with refused if option == "renumber" else contextlib.nullcontext():
                    d.start()
            self.assertEqual(len(d.ok("events")["events"]), 3)
            self.assertEqual([a["state"] for a in d.ok("snapshot")["alerts"]], ["firing"])
            d.restart()
            self.assertEqual([a["state"] for a in d.ok("snapshot")["alerts"]], ["firing"])

    def test_other_alerts_than_were_published(self):
        """As of a version that makes something else of the same reports."""
        with harness.Daemon([harness.ANY_RELEASE]) as d, \
                harness.Daemon([dict(harness.ANY_RELEASE, rule="other")]) as other:
            for n in range(5):
                d.publish(harness.event(n))
                other.publish(harness.event(n))
            self.assertEqual(d.status()["seq"], other.status()["seq"])
            count = d.status()["seq"]
            d.stop()
            mine, theirs = records(tool(d, "export").stdout), records(tool(other, "export").stdout)
            self.assertEqual([kind for kind, _ in mine], [kind for kind, _ in theirs])
            last = max(n for n, (kind, _) in enumerate(theirs) if kind == ALERT)
            for what, say in ((mine, None), (mine[:last] + [theirs[last]] + mine[last + 1:], count),
                              ([t if t[0] == ALERT else m for m, t in zip(mine, theirs)], 1)):
                state = f"state-{say}"
                os.mkdir(d.path(state))
                done = tool(d, "import", stdin=PREFACE + b"".join(record for _, record in what), state=state)
                self.assertEqual(done.returncode, 0, done.stderr)
                d.configure({"state": d.path(state)})
                if say is None:
                    d.start()
                    d.stop()
                    continue
                with self.assertRaisesRegex(AssertionError, f"another alert change {say} than was published"):
                    d.start()
                d._forget()
                self.assertEqual(tool(d, "check", state=state).returncode, 0)  # nothing was added to it
                self.assertEqual(records(tool(d, "export", state=state).stdout), what)

    def test_wrong_usage(self):
        with harness.Daemon(start=False) as d:
            self.assertEqual(tool(d, "mend").returncode, 2)
            self.assertEqual(tool(d, "check", "file").returncode, 2)
            done = tool(d, "check")
            self.assertEqual(done.returncode, 1)
            self.assertIn(d.path("state"), done.stderr.decode())


if __name__ == "__main__":
    harness.main()
