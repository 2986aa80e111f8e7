"""A thawd starts, takes a report, raises an alert, answers and ends without a trace."""

import os
import unittest

import harness


class Harness(unittest.TestCase):
    def test_all_of_it(self):
        for tcp in (False, True):
            with self.subTest(tcp=tcp):
                with harness.Daemon([harness.ANY_RELEASE], tcp=True) as d:
                    folder = d.folder
                    with d.subscriber("alert.BY.", tcp=tcp) as s, d.client(tcp=tcp) as c:
                        status, reply = c.ask("publish", harness.event(1, count=52))
                        self.assertEqual(status, "OK")
                        self.assertEqual(reply, {"accepted": 1, "duplicates": 0, "rejected": [],
                                                 "journal_seq": 1})
                        topic, alert = s.alert()
                        self.assertEqual(topic, "alert.BY.any-release.")
                        self.assertEqual((alert["seq"], alert["state"]), (1, "firing"))
                        self.assertEqual(alert["title"], "BY: 52 freed")
                    with d.feed(tcp=tcp) as f:
                        f.publish(harness.event(2, occurred_at="2025-09-11"))
                        harness.wait_for(lambda: d.counters()["accepted"] == 2, "the second event")
                self.assertFalse(os.path.exists(folder))

    def test_restart_and_kill(self):
        with harness.Daemon() as d:
            d.publish(harness.event(1))
            d.restart()
            self.assertEqual(d.publish(harness.event(1))["duplicates"], 1)
            d.kill()
            d.start()
            self.assertEqual(d.publish(harness.event(1))["duplicates"], 1)

    def test_a_thawd_that_cannot_start_is_told(self):
        with self.assertRaisesRegex(AssertionError, "found"):
            harness.Daemon(config={"clock": "sundial"})


if __name__ == "__main__":
    harness.main()
