#!/usr/bin/python3
"""thaw rules test: tests that pass, tests that fail and say where, files that cannot be run."""

import verbs

RULES = """\
rules:
  - rule: mass-release
    by: [country]
    select:
      freed: {kind: release, within: 7d}
    when: freed.sum >= 50
    severity: warning
    title: "{country}: {freed.sum} freed"
    labels: {size: "{freed.sum > 99 ? 'large' : 'small'}"}
"""

HEAD = "rules: a.yaml\ndefaults: {kind: release, country: BY, source: A}\ntests:\n  - test: one\n    steps:\n"
EVENT = "      - event: {id: x, count: 52, occurred_at: 2025-09-11, reported_at: 2025-09-11T10:00:00Z}\n"


class Test(verbs.VerbTest):
    def setUp(self):
        super().setUp()
        self.write("a.yaml", RULES)

    def story(self, steps, code=0):
        self.write("a.test.yaml", HEAD + steps)
        return self.run_json("rules", "test", "--json", "a.test.yaml", code=code)

    def failure(self, steps):
        (result,) = self.story(steps, code=1)
        self.assertFalse(result["ok"])
        (failure,) = result["failures"]
        return failure

    def test_passes(self):
        steps = EVENT + """\
        firing:
          - alert: mass-release:BY:1
            severity: warning
            title: "BY: 52 freed"
            since: 2025-09-11T10:00:00Z
            values: {freed.sum: 52}
            labels: {size: small}
            reports: [A/x]
            sources: [A]
      - at: 2025-09-18
        firing: []
        resolved: [mass-release:BY]
      - at: +1h
        event: {kind: retraction, retracts: x}
        withdrawn: [{alert: mass-release:BY, because: [A/e2]}]
"""
        (result,) = self.story(steps)
        self.assertEqual((result["test"], result["ok"], result["failures"]), ("one", True, []))
        self.assertEqual(self.run_thaw("rules", "test", "a.test.yaml"),
                         "ok    a.test.yaml  (1)\n1 test in 1 file, 0 failed\n")

    def test_missing(self):
        failure = self.failure("      - at: 2025-09-11\n        firing: [mass-release:BY]\n")
        self.assertEqual((failure["problem"], failure["alert"], failure["line"]), ("missing", "mass-release:BY", 6))

    def test_unexpected(self):
        failure = self.failure(EVENT + "        firing: []\n")
        self.assertEqual((failure["problem"], failure["alert"]), ("unexpected", "mass-release:BY:1"))
        self.assertEqual(failure["found"], "BY: 52 freed")

    def test_another_number_of_the_alert(self):
        (result,) = self.story(EVENT + "        firing: ['mass-release:BY:2']\n", code=1)
        self.assertEqual([f["problem"] for f in result["failures"]], ["missing", "unexpected"])

    def test_differs(self):
        for key, value, found in (("title", "'BY: 51 freed'", "BY: 52 freed"), ("severity", "critical", "warning"),
                                  ("values", "{freed.sum: 51}", "52"), ("labels", "{size: large}", "small"),
                                  ("reports", "[A/y]", "A/x"), ("since", "2025-09-12", "2025-09-11 10:00:00Z")):
            failure = self.failure(EVENT + f"        firing: [{{alert: 'mass-release:BY', {key}: {value}}}]\n")
            self.assertEqual((failure["problem"], failure["found"]), ("differs", found), key)

    def test_fires_between_the_steps_that_look(self):
        failure = self.failure(EVENT + "      - at: 2025-10-01\n        firing: []\n")
        self.assertEqual((failure["problem"], failure["alert"]), ("unexpected", "mass-release:BY:1"))
        self.assertIn("2025-09-11 10:00:00Z", failure["found"])

    def test_a_star_stands_for_any_group(self):
        self.assertTrue(self.story(EVENT + "        firing: ['mass-*:*']\n")[0]["ok"])

    def test_the_diff_is_readable(self):
        self.write("a.test.yaml", HEAD + EVENT + "        firing: [{alert: 'mass-release:LT'}]\n")
        shown = self.run_thaw("rules", "test", "a.test.yaml", code=1)
        self.assertIn("FAIL  a.test.yaml:4  one\n", shown)
        self.assertIn("  line 6, at 2025-09-11 10:00:00Z, firing:\n", shown)
        self.assertIn("    - mass-release:LT  is expected and not there\n", shown)
        self.assertIn("    + mass-release:BY:1  BY: 52 freed  is there and not expected\n", shown)

    def test_clock_of_reports(self):
        steps = EVENT + """\
        firing: [mass-release:BY]
      - event: {id: y, count: 1, occurred_at: 2025-10-11, reported_at: 2025-10-11}
        firing: []
        resolved: [mass-release:BY]
"""
        self.write("a.test.yaml", "clock: reported\n" + HEAD + steps)
        self.run_thaw("rules", "test", "a.test.yaml")

    def test_a_byte_that_is_no_text(self):
        """In a line that begins with % libfyaml went round for ever at it."""
        path = self.write("odd.test.yaml", "%b}ab:\udcdb]\n")
        self.run_thaw("rules", "test", path, code=1)
        self.assertIn("odd.test.yaml:1:7: error: a byte that is not UTF-8\n", self.stderr)

    def test_a_second_document_is_not_passed_over(self):
        path = self.write("two.test.yaml", "rules: [x.yaml]\ntests: []\n---\ntests: []\n")
        self.run_thaw("rules", "test", path, code=1)
        self.assertIn("two.test.yaml:4:1: error: a second YAML document: such a file holds one", self.stderr)

    def test_files_that_cannot_be_run(self):
        for steps, says in (
                ("      - firing: []\n", "needs a time"),
                ("      - at: tomorrow\n        firing: []\n", "expected a time"),
                (EVENT + "        firing: [mass-release:BY,US]\n", 'in quotes, "RULE:BY,US"'),
                ("      - at: 2025-09-11\n      - at: 2025-09-10\n", "earlier than the step before"),
                ("      - at: 2025-09-11\n        fireing: []\n", "did you mean firing?"),
                ("      - at: 2025-09-11\n        event: {count: many, occurred_at: 2025-09-11}\n", "count"),
                ("      - at: 2025-09-11\n        event: {kind: releases, occurred_at: 2025-09-11}\n", "kind"),
                (EVENT + "      - at: +1h\n        event: {id: x, count: 3, occurred_at: 2025-09-11}\n", "sent this id before"),
                ("      - at: 2025-09-11\n        firing: [mass-release]\n", "RULE:GROUP"),
        ):
            self.write("a.test.yaml", HEAD + steps)
            self.run_thaw("rules", "test", "a.test.yaml", code=1)
            self.assertIn("a.test.yaml:", self.stderr)
            self.assertIn(says, self.stderr)
            self.assertIn("^", self.stderr)

    def test_rules_that_cannot_be_read(self):
        self.write("a.yaml", RULES.replace("kind: release", "kind: releases"))
        self.write("a.test.yaml", HEAD + EVENT)
        self.run_thaw("rules", "test", "a.test.yaml", code=1)
        self.assertIn("did you mean release?", self.stderr)

    def test_wrong_use(self):
        self.run_thaw("rules", "test", code=2)
        self.run_thaw("rules", "test", "nowhere.test.yaml", code=1)
        self.run_thaw("rules", "test", self.folder, code=1)  # no test in it


if __name__ == "__main__":
    verbs.main()
