#!/usr/bin/python3
"""thaw rules check: each refusal and each warning at its place, the line and a caret below it."""

import os

import verbs

GOOD = """\
rules:
  - rule: mass-release
    by: [country]
    select:
      freed: {kind: release, where: status != "rumoured", within: 14d}
    when: freed.sum >= 50
    severity: warning
    title: "{country}: {freed.sum} people freed"
"""


def rule(select="freed: {kind: release}", when="freed.count > 1", more="", by="[country]"):
    return f"rules:\n  - rule: one\n    by: {by}\n    select:\n      {select}\n    when: {when}\n{more}"


# what is written, where the complaint stands (line, column), what it says
ERRORS = [
    ("type error", rule(when="freed.count > 'x'"), 6, 23, "cannot compare int with string"),
    ("no such field of a selection, but before it", rule(when="freed.count > 1 && freed.cuont > 2"), 6, 36,
     "did you mean 'count'?"),
    ("unknown function", rule("freed: {kind: report, where: title.startWith('a')}"), 5, 42, "did you mean 'startsWith'?"),
    ("a word of another language", rule(when="freed.count > 1 and freed.count < 5"), 6, 27, "found 'and': write &&"),
    ("not", rule("freed: {kind: release, where: not late}"), 5, 41, "after 'not': write !"),
    ("a text without quotes", rule("freed: {kind: release, where: status == rumoured}"), 5, 47,
     'a text is written in quotes, "rumoured"'),
    ("not a condition", rule(when="freed.count + 1"), 6, 11, "bool"),
    ("unknown field", rule("freed: {kind: release, where: cuont > 3}"), 5, 37, "did you mean 'count'?"),
    ("unknown aggregate", rule(when="freed.total > 3"), 6, 17, "total"),
    ("unknown selection", rule(when="fred.count > 3"), 6, 11, "fred"),
    ("unknown selection, in capitals", rule(when="FREED.count > 3"), 6, 11, "did you mean 'freed'?"),
    ("one for many", rule("freed: {kind: sanction, where: party == 'X'}"), 5, 38, "did you mean 'parties'?"),
    ("a day for a time", rule(when="freed.last > '2024-07-01'"), 6, 22, "write timestamp("),
    ("days for a time span", rule(when="freed.last - freed.first > 3d"), 6, 39, 'write duration("72h")'),
    ("unknown kind", rule("freed: {kind: releases}"), 5, 21, "did you mean release?"),
    ("unknown key of a rule", rule(more="    tittle: x\n"), 7, 5, "did you mean title?"),
    ("unknown key of a selection", rule("freed: {kind: release, were: count > 1}"), 5, 30, "did you mean where?"),
    ("window on a field that is no time", rule("freed: {kind: release, at: count, within: 3d}"), 5, 34,
     "at: count is a number, a window needs a time"),
    ("group of an unknown field", rule(by="[country, contry]"), 3, 19, "did you mean country?"),
    ("group of a time", rule(by="[occurred_at]"), 3, 10, "groups are made of"),
    ("now", rule("freed: {kind: release, where: occurred_at > now - duration('3h')}"), 5, 51, "there is no `now`"),
    ("now in when", rule(when="freed.last > now"), 6, 24, "there is no `now`"),
    ("impossible: two values of one field",
     rule("""freed: {kind: sanction, where: 'authority == "US" && authority == "EU"'}"""), 5, 60,
     "its parts on authority exclude one another"),
    ("impossible: no number between", rule("freed: {kind: release, where: count > 5 && count < 6}"), 5, 50,
     "its parts on count exclude one another"),
    ("impossible: numbers of a selection", rule(when="freed.count > 3 && freed.count < 2"), 6, 30,
     "its parts on freed.count exclude one another"),
    ("impossible: each alternative", rule(when="(freed.sum > 3 && freed.sum < 3) || freed.max == 1 && !(freed.max >= 0)"),
     6, 0, "exclude one another"),
    ("impossible: an empty list", rule("freed: {kind: person, where: 'person in []'}"), 5, 0, "an empty list"),
    ("impossible: a constant", rule(when="1 > 2"), 6, 11, "never true"),
    ("impossible: ahead and past", rule("freed: {kind: release, within: 3d, ahead: 3d}"), 5, 49, "ahead"),
    ("impossible: before outside of within", rule("freed: {kind: release, within: 3d, before: 5d}"), 5, 50,
     "nothing can be in both"),
    ("never fires because of until", rule(more="    until: 1 < 2\n"), 7, 12, "can never fire"),
    ("no duration", rule("freed: {kind: release, within: soon}"), 5, 38, "14d"),
    ("no duration in for", rule(more="    for: 0s\n"), 7, 10, "for:"),
    ("empty group list entry", rule(by="['']"), 3, 11, "by:"),
    ("five groups", rule(by="[country, id, status, late, count]"), 3, 10, "at most 4"),
    ("twice in by", rule(by="[country, country]"), 3, 19, "twice"),
    ("no selection", "rules:\n  - rule: one\n    select: {}\n    when: true\n", 3, 5, "at least one selection"),
    ("no when", "rules:\n  - rule: one\n    select:\n      a: {kind: release}\n", 2, 5, "needs `when`"),
    ("nothing after a key", rule(more="    severity:\n"), 7, 5, "severity"),
    ("nothing as condition", rule(when=""), 6, 5, "when"),
    ("a slip in the severity", rule(more="    severity: waring\n"), 7, 15, "did you mean warning?"),
    ("a severity in capitals", rule(more="    severity: Warning\n"), 7, 15, "did you mean warning?"),
    ("no word as severity", rule(more="    severity: [warning]\n"), 7, 0, "severity"),
    ("bad id", GOOD.replace("rule: mass-release", "rule: Mass Release"), 2, 11, "a-z"),
    ("id taken by the engine", GOOD.replace("rule: mass-release", "rule: thaw-limit"), 2, 11, "taken"),
    ("text with an unknown name", GOOD.replace("{freed.sum}", "{freed.sun}"), 8, 31, "sun"),
    ("text with an open brace", GOOD.replace("{freed.sum}", "{freed.sum"), 8, 24, "}"),
    ("no regular expression", rule("""freed: {kind: report, where: 'title.matches("(")'}"""), 5, 0, ""),
    ("broken YAML", "rules:\n  - rule: [one\n", 0, 0, "YAML"),
    ("a list as root", "- rule: one\n", 1, 0, "`rules`"),
    ("another root", "rule:\n  - x\n", 1, 1, "rules"),
    ("an alias of nothing", rule(more="    title: *nope\n"), 7, 13, "aliases"),
    ("a second document", GOOD + "---\n" + GOOD.replace("mass-release", "other"), 9, 1, "second YAML document"),
    ("more after the end", GOOD + "...\n\nrules: []\n", 11, 1, "second YAML document"),
    ("no UTF-8", rule(more="    title: a\udcff\n"), 7, 13, "not UTF-8"),
    ("an escape before the place", rule(when='"freed.count > 1 && \\u0066red.count > 2"'), 6, 11, "did you mean 'freed'?"),
    ("a selection with a word of CEL", rule("a: {kind: release}\n      in: {kind: release}", "a.count > 1"), 6, 7, "CEL reserves it"),
    ("aliases", GOOD.replace("[country]", "&a [country]") + GOOD[7:].replace("mass-release", "x").replace("[country]", "*a"),
     0, 0, "aliases"),
]

WARNINGS = [
    ("a word that is never there", rule("""freed: {kind: release, where: 'status == "rumored"'}"""), "did you mean rumoured?"),
    ("a country that is none", rule("""freed: {kind: release, where: 'country == "by"'}"""), "two upper-case letters"),
    ("can never fire", rule(when="freed.count < 0"), "can it ever fire?"),
    ("can never fire: a word that is never there", rule("""freed: {kind: sanction, where: 'effect == "easing"'}"""), "is never"),
    ("a severity of one's own", rule(more="    severity: page\n"), "page is none of info"),
    ("fires for every fact", rule(when="freed.count > 0"), "fires for every fact"),
    ("always fires", rule(when="freed.count >= 0", by="[]"), "always fires"),
    ("only true without any fact", rule(when="freed.count == 0"), "keeps the group, or by: []"),
    ("a selection that is not used", rule("freed: {kind: release}\n      held: {kind: detention}"), "used nowhere"),
    ("a condition that is always true", rule("freed: {kind: release, where: 1 < 2}"), "always true"),
    ("never ends", rule(more="    until: freed.count < 1 && freed.count > 3\n"), "the alert never ends"),
    ("until beside keep_for", rule(more="    until: freed.count < 1\n    keep_for: 3d\n"), "both delay"),
]


# conditions that look hard to meet, and can be
FINE = [
    'a.count > 1 && b.count > 1 && b.first - a.last > duration("720h")',
    'a.count > 1 && b.count > 1 && b.first - a.last < duration("1h") && b.first > a.last',
    'a.first > timestamp("2025-01-01T00:00:00Z") && b.count >= 0',
    'a.count == 41 && a.persons == 0 && a.sources == 43 && a.voices == 44 && a.reports == 45 && b.sum == 46',
    "a.high - a.low > 20 && b.spread > 100000 && a.min < 3",
    "a.sum * 100 < b.sum * 5 && a.count > 7",
]


class Check(verbs.VerbTest):
    def test_good(self):
        self.write("a.yaml", GOOD)
        self.assertEqual(self.run_thaw("rules", "check", "a.yaml"), "1 rule, 0 warnings\n")
        self.assertEqual(self.run_json("rules", "check", "--json", "a.yaml"), [])

    def test_errors(self):
        for name, text, line, column, says in ERRORS:
            with self.subTest(name):
                self.write("a.yaml", text)
                shown = self.run_thaw("rules", "check", "a.yaml", code=1)
                self.assertIn(says, shown)
                self.assertIn("a.yaml:", shown)
                complaint = self.run_json("rules", "check", "--json", "a.yaml", code=1)[0]
                self.assertEqual(complaint["level"], "error")
                if line:
                    self.assertEqual(complaint["line"], line, shown)
                if column:
                    self.assertEqual(complaint["column"], column, shown)
                if complaint["line"] and complaint["source"]:
                    line = text.splitlines()[complaint["line"] - 1]
                    self.assertEqual(complaint["source"], line.partition("\udcff")[0])

    def test_caret(self):
        self.write("a.yaml", rule("freed: {kind: release, where: cuont > 3}"))
        shown = self.run_thaw("rules", "check", "a.yaml", code=1).splitlines()
        self.assertEqual(shown[1], "        freed: {kind: release, where: cuont > 3}")
        self.assertEqual(shown[2].index("^"), shown[1].index("cuont"))

    def test_brackets_need_no_quotes(self):
        self.write("a.yaml", rule("freed: {kind: person, where: person in ['x', 'y'], within: 3d}"))
        self.assertEqual(self.run_thaw("rules", "check", "a.yaml"), "1 rule, 0 warnings\n")

    def test_every_error_at_once(self):
        self.write("a.yaml", rule(when="freed.count > 'x'") + rule(when="fred.count > 1")[7:].replace("one", "two"))
        self.assertEqual(len(self.run_json("rules", "check", "--json", "a.yaml", code=1)), 2)

    def test_what_is_wrong_of_two_selections_is_said_once(self):
        self.write("a.yaml", rule("a: {kind: report}\n      b: {kind: report}", "a.count > b.count", by="[country, partei]"))
        self.assertEqual(len(self.run_json("rules", "check", "--json", "a.yaml", code=1)), 1)

    def test_warnings(self):
        for name, text, says in WARNINGS:
            with self.subTest(name):
                self.write("a.yaml", text)
                shown = self.run_thaw("rules", "check", "a.yaml")
                self.assertIn("warning", shown)
                self.assertIn(says, shown)

    def test_what_may_come_true_is_not_warned_of(self):
        for when in FINE:
            with self.subTest(when):
                self.write("a.yaml", rule("a: {kind: release}\n      b: {kind: detention}", "'" + when + "'"))
                self.assertEqual(self.run_thaw("rules", "check", "a.yaml"), "1 rule, 0 warnings\n")

    def test_a_selection_that_keeps_a_group(self):
        """Of absence: without it the group would be gone with the last fact, and the rule would never fire."""
        for by, when, told in (("[country]", "freed.count == 0", False), ("[]", "freed.count == 0", True),
                               ("[country]", "freed.count > 0", True), ("[country]", "freed.last > freed.first", True),
                               ("[country]", "'country == \"BY\" && freed.count < 3'", False)):
            self.write("a.yaml", rule("freed: {kind: release, within: 30d}\n      ever: {kind: release}", when, by=by))
            self.assertEqual("the selection ever is used nowhere" in self.run_thaw("rules", "check", "a.yaml"), told, (by, when))

    def test_many_files_are_one_set(self):
        self.write("a.yaml", GOOD)
        self.write("b.yaml", GOOD)
        shown = self.run_thaw("rules", "check", "a.yaml", "b.yaml", code=1)
        self.assertIn("b.yaml:2:5: error: rule: the id mass-release is taken by a.yaml:2", shown)

    def test_a_folder_leaves_out_tests(self):
        self.write("a.yaml", GOOD)
        self.write("a.test.yaml", "no rules")
        self.write(".hidden.yaml", "no rules")
        self.assertEqual(self.run_thaw("rules", "check", self.folder), "1 rule, 0 warnings\n")

    def test_folders_in_a_folder(self):
        os.makedirs(os.path.join(self.folder, "some", "deeper"))
        os.mkdir(os.path.join(self.folder, ".old"))
        self.write("some/deeper/a.yaml", GOOD)
        self.write("some/deeper/a.test.yaml", "no rules")
        self.write(".old/b.yaml", "no rules")
        self.assertEqual(self.run_thaw("rules", "check", self.folder), "1 rule, 0 warnings\n")
        os.symlink(os.path.join(self.folder, "some"), os.path.join(self.folder, "linked"))
        self.assertIn("linked/deeper/a.yaml:2:5", self.run_thaw("rules", "check", os.path.join(self.folder, "linked"),
                                                                os.path.join(self.folder, "linked"), code=1))

    def test_wrong_use(self):
        self.run_thaw("rules", "check", code=2)
        self.run_thaw("rules", "check", "--jsom", "x", code=2)
        self.run_thaw("rules", "check", "nowhere.yaml", code=1)
        self.write("a.yaml", "")
        self.assertIn("rules: []", self.run_thaw("rules", "check", "a.yaml", code=1))


if __name__ == "__main__":
    verbs.main()
