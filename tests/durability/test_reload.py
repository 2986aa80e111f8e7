"""The rules that the journal has are those that are in force, whatever happens to their files meanwhile."""

import os
import threading
import unittest

import harness

SETS = ([harness.ANY_RELEASE], [dict(harness.ANY_RELEASE, when="freed.count > 1")], "rules: [ {")


class Reload(unittest.TestCase):
    def write_all_the_time(self, d, ended):
        """One set after the other in the place of the file, each whole."""
        for n, rules in enumerate(SETS):
            d.write_rules(rules, f"{n}.yaml.new")
        n = 0
        while not ended.is_set():
            os.link(d.path("rules.d", f"{n % 3}.yaml.new"), d.path("rules.d", "next"))
            os.replace(d.path("rules.d", "next"), d.path("rules.d", "rules.yaml"))
            # the same file under two names: replace() leaves both
            if os.path.exists(d.path("rules.d", "next")):
                os.unlink(d.path("rules.d", "next"))
            n += 1

    def test_files_that_change_while_they_are_read(self):
        with harness.Daemon([harness.ANY_RELEASE]) as d:
            d.publish(harness.event("1"))
            reloaded = 0
            for _ in range(10):
                ended = threading.Event()
                writer = threading.Thread(target=self.write_all_the_time, args=(d, ended), daemon=True)
                writer.start()
                try:
                    for _ in range(100):
                        reloaded += d.ask("reload", {})[0] == "OK"
                finally:
                    ended.set()
                    writer.join(harness.PATIENCE)
                rules, snapshot = [[(r["rule"], r["version"]) for r in d.ok("rules")["rules"]], d.ok("snapshot")]
                d.write_rules(SETS[2])  # what the journal has is in force after a start
                d.kill()
                if os.path.exists(d.path("state", "image")):
                    os.unlink(d.path("state", "image"))
                d.start()
                self.assertEqual([(r["rule"], r["version"]) for r in d.ok("rules")["rules"]], rules)
                self.assertEqual(d.ok("snapshot"), snapshot)
            self.assertGreater(reloaded, 0)


if __name__ == "__main__":
    harness.main()
