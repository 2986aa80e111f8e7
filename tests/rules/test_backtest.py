#!/usr/bin/python3
"""thaw backtest: the alerts of a history, as a table and as JSON, and the diff of two rule sets."""

import datetime
import struct

import verbs

RULES = """\
rules:
  - rule: mass-release
    by: [country]
    select:
      freed: {kind: release, within: 7d}
    when: freed.sum >= %d
    title: "{country}: {freed.sum} freed"
"""


def release(number, day, count, country="BY", **more):
    return {"id": f"r{number}", "kind": "release", "country": country, "source": "A", "occurred_at": day,
            "reported_at": day, "count": count, **more}


HISTORY = [release(1, "2025-01-10", 30), release(2, "2025-03-10", 52), release(3, "2025-05-10", 80, "LT"),
           release(4, "2025-05-11", 60)]


def packed(value):
    """The little MessagePack that these events need."""
    if isinstance(value, dict):
        return bytes([0x80 | len(value)]) + b"".join(packed(k) + packed(v) for k, v in value.items())
    if isinstance(value, list):
        return struct.pack(">BH", 0xDC, len(value)) + b"".join(map(packed, value))
    if isinstance(value, int):
        return struct.pack(">BI", 0xCE, value)
    data = value.encode()
    return struct.pack(">BB", 0xD9, len(data)) + data


class Backtest(verbs.VerbTest):
    def setUp(self):
        super().setUp()
        self.write("a.yaml", RULES % 50)
        self.write("b.yaml", RULES % 20)
        self.write_events("events.jsonl", HISTORY)

    def alerts(self, *arguments):
        found = self.run_json("backtest", "--json", *arguments)
        return [(a["id"], a["fired_at"][:10], (a["ended_at"] or "")[:10], a["state"], a.get("diff")) for a in found]

    EXPECTED = [("mass-release:BY:1", "2025-03-10", "2025-03-17", "resolved", None),
                ("mass-release:LT:1", "2025-05-10", "", "firing", None),
                ("mass-release:BY:2", "2025-05-11", "", "firing", None)]

    def test_json(self):
        self.assertEqual(self.alerts("a.yaml", "--from", "events.jsonl"), self.EXPECTED)

    def test_a_report_dated_ahead_does_not_age_the_others(self):
        ahead = (datetime.date.today() + datetime.timedelta(days=400)).isoformat()
        self.write_events("ahead.jsonl", HISTORY + [release(5, ahead, 90)])
        found = self.run_json("backtest", "--json", "a.yaml", "--from", "ahead.jsonl", code=1)
        self.assertEqual([alert["id"] for alert in found], [id_ for id_, *_ in self.EXPECTED])
        self.assertRegex(self.stderr, r"ahead\.jsonl:5: occurred_at: found .*, expected it to start no later than")

    def test_the_protocol_s_keys_are_there(self):
        alert = self.run_json("backtest", "--json", "a.yaml", "--from", "events.jsonl")[0]
        self.assertEqual(alert["values"], {"freed.sum": 52})
        self.assertEqual(alert["reports"], [{"source": "A", "id": "r2"}])
        self.assertEqual(alert["title"], "BY: 52 freed")

    def test_table(self):
        shown = self.run_thaw("backtest", "a.yaml", "--from", "events.jsonl").splitlines()
        self.assertEqual(shown[0].split(), ["FIRED", "ENDED", "STATE", "SEVERITY", "ALERT", "TITLE"])
        self.assertEqual(shown[1].split()[:5], ["2025-03-10", "2025-03-17", "resolved", "info", "mass-release:BY:1"])
        self.assertEqual(shown[-1], "4 reports, 3 alerts, 2 firing at the end")

    def test_messagepack(self):
        with open(self.folder + "/events.msgpack", "wb") as file:
            file.write(packed(HISTORY[:2]) + b"".join(map(packed, HISTORY[2:])))
        self.assertEqual(self.alerts("a.yaml", "--from", "events.msgpack"), self.EXPECTED)

    def test_against(self):
        self.assertEqual(self.alerts("b.yaml", "--from", "events.jsonl", "--against", "a.yaml"),
                         [("mass-release:BY:1", "2025-01-10", "2025-01-17", "resolved", "new"),
                          ("mass-release:BY:2", "2025-03-10", "2025-03-17", "resolved", "same"),
                          ("mass-release:LT:1", "2025-05-10", "", "firing", "same"),
                          ("mass-release:BY:3", "2025-05-11", "", "firing", "same")])
        gone = self.alerts("a.yaml", "--from", "events.jsonl", "--against", "b.yaml")
        self.assertEqual([(a[0], a[4]) for a in gone if a[4] != "same"], [("mass-release:BY:1", "gone")])
        shown = self.run_thaw("backtest", "b.yaml", "--from", "events.jsonl", "--against", "a.yaml")
        self.assertIn("1 only now (+), 0 no more (-), 0 at another time (~), 3 the same", shown)

    def test_another_time(self):
        self.write("c.yaml", (RULES % 50).replace("within: 7d", "within: 3d"))
        found = self.run_json("backtest", "--json", "c.yaml", "--from", "events.jsonl", "--against", "a.yaml")[0]
        self.assertEqual((found["diff"], found["ended_at"][:10], found["against_ended_at"][:10]),
                         ("other", "2025-03-13", "2025-03-17"))

    def test_until_and_country(self):
        self.assertEqual(self.alerts("a.yaml", "--from", "events.jsonl", "--until", "2025-05-30", "--country", "BY"),
                         [("mass-release:BY:1", "2025-03-10", "2025-03-17", "resolved", None),
                          ("mass-release:BY:2", "2025-05-11", "2025-05-18", "resolved", None)])

    def test_corrections(self):
        self.write_events("events.jsonl", HISTORY[:2] + [
            {"id": "x", "kind": "retraction", "country": "BY", "source": "A", "reported_at": "2025-03-12", "retracts": "r2"}])
        (alert,) = self.run_json("backtest", "--json", "a.yaml", "--from", "events.jsonl")
        self.assertEqual((alert["state"], alert["because"]), ("withdrawn", [{"source": "A", "id": "x"}]))

    def test_bad_input(self):
        self.write("events.jsonl", '{"id": 3}\nnot json\n')
        self.assertIn("0 reports", self.run_thaw("backtest", "a.yaml", "--from", "events.jsonl", code=1))
        self.assertIn("events.jsonl:1:", self.stderr)
        self.assertIn("events.jsonl:2:", self.stderr)
        self.run_thaw("backtest", "a.yaml", "--from", "nowhere.jsonl", code=1)
        self.run_thaw("backtest", "nowhere.yaml", "--from", "events.jsonl", code=1)

    def test_wrong_use(self):
        self.run_thaw("backtest", "a.yaml", code=2)
        self.run_thaw("backtest", "--from", "events.jsonl", code=2)
        self.run_thaw("backtest", "a.yaml", "--from", "events.jsonl", "--clock", "wall", code=2)
        self.run_thaw("backtest", "a.yaml", "--from", "events.jsonl", "--clock", "sun", code=2)
        self.run_thaw("backtest", "a.yaml", "--from", "events.jsonl", "--country", "Belarus", code=2)


if __name__ == "__main__":
    verbs.main()
