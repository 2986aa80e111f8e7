"""A subscriber misses nothing: libthaw's and `thaw tail`, over lost messages, restarts, a new journal."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
import unittest

import harness
from following import (EACH_COUNTRY, EACH_SOURCE, FOLLOWER, PAGES_THAT_LEAD_NOWHERE, Answering, Follower, Lossy, Tail, Watched,
                       make_alerts, page, pause)
from harness import event, zmq


EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "clients", "examples")


def until(n):
    return list(range(1, n + 1))


class LibthawFollows(unittest.TestCase):
    def test_snapshot_then_every_change_once(self):
        with harness.Daemon([EACH_SOURCE]) as d:
            make_alerts(d, 0, 600)  # more than a page
            with Follower(d) as f:
                f.wait_for(lambda f: f.synced() is not None, "the snapshot")
                self.assertEqual(sorted(f.snapshot()), until(600))
                make_alerts(d, 600, 50)
                f.wait_for(lambda f: len(f.changes()) >= 50, "the changes")
                self.assertEqual(f.changes(), list(range(601, 651)))
                self.assertEqual(f.resets(), 1)

    def test_there_is_no_position_to_be_kept_before_a_snapshot_is_whole(self):
        """Who kept it and ended there would go on without the alerts of the pages that had not come."""
        with harness.Daemon([EACH_SOURCE]) as d:
            make_alerts(d, 0, 600)
            with Follower(d) as f:
                f.wait_for(lambda f: f.synced() is not None, "the snapshot")
                self.assertEqual(len(f.snapshot()), 600)
                self.assertEqual([line for line in f.lines if line.startswith("position")], [])
                self.assertEqual(f.synced(), (d.status()["epoch"], 600))
            with Follower(d, position=("", 0)) as f:  # as such a one keeps it
                f.wait_for(lambda f: f.synced() is not None, "the snapshot")
                self.assertEqual(len(f.snapshot()), 600)

    def test_a_snapshot_while_alerts_change_gives_each_once(self):
        with harness.Daemon([EACH_SOURCE]) as d:
            make_alerts(d, 0, 2000)
            with Follower(d) as f:
                for n in range(40):
                    make_alerts(d, 2000 + n, 1)
                f.wait_for(lambda f: f.synced() and f.snapshot() and
                           len(f.snapshot()) + len(f.changes()) >= 2040, "all")
                self.assertEqual(sorted(f.snapshot() + f.changes()), until(2040))
                self.assertEqual(f.changes(), sorted(f.changes()))

    def test_lost_messages_are_asked_for(self):
        with harness.Daemon([EACH_SOURCE]) as d, Lossy(d, 0.5) as way, Follower(d, alerts=way.address) as f:
            f.wait_for(lambda f: f.synced() is not None, "the snapshot")
            for n in range(40):
                make_alerts(d, 5 * n, 5)
            f.wait_for(lambda f: len(f.changes()) >= 200, "all of them")
            self.assertEqual(f.changes(), until(200))
            self.assertGreater(way.lost, 10)

    def test_a_hole_of_many_pages(self):
        with harness.Daemon([EACH_SOURCE]) as d, Lossy(d, 1.0) as way, Follower(d, alerts=way.address) as f:
            f.wait_for(lambda f: f.synced() is not None, "the snapshot")
            make_alerts(d, 0, 2500)
            f.wait_for(lambda f: len(f.changes()) >= 2500, "all of them")
            self.assertEqual(f.changes(), until(2500))
            self.assertEqual(f.resets(), 1)

    def test_a_part_of_the_topics(self):
        with harness.Daemon([EACH_COUNTRY, EACH_SOURCE]) as d, Lossy(d, 0.3) as way, \
                Follower(d, "alert.LT.", alerts=way.address) as f:
            f.wait_for(lambda f: f.synced() is not None, "the snapshot")
            make_alerts(d, 0, 1500)
            d.publish(event(1, country="LT", source="a"))
            make_alerts(d, 1500, 1500)
            d.publish(event(2, country="LT", source="a", kind="detention"), event(3, country="LT", source="b"))
            head = d.status()["seq"]
            wanted = [a["seq"] for a in self.replay(d, "alert.LT.")]
            f.wait_for(lambda f: f.synced()[1] >= head, "the head")
            self.assertEqual(f.changes(), wanted)
            self.assertGreaterEqual(len(wanted), 1)

    def replay(self, d, topic):
        found, start, head = [], 0, d.status()["seq"]
        while start < head:
            page = d.ok("replay", {"from": start, "topic": topic})
            found, start = found + page["alerts"], page["next"]
        return found

    def test_a_position_kept_is_gone_on_from(self):
        with harness.Daemon([EACH_SOURCE]) as d:
            make_alerts(d, 0, 10)
            with Follower(d) as f:
                f.wait_for(lambda f: f.synced() is not None, "the snapshot")
                epoch, seq = f.synced()
            make_alerts(d, 10, 10)
            with Follower(d, position=(epoch, seq)) as f:
                f.wait_for(lambda f: len(f.changes()) >= 10, "what came meanwhile")
                self.assertEqual((f.changes(), f.resets()), (list(range(11, 21)), 0))
            with Follower(d, position=("another-epoch", 5)) as f:
                f.wait_for(lambda f: f.synced() is not None, "a snapshot instead")
                self.assertEqual((f.resets(), sorted(f.snapshot())), (1, until(20)))

    def test_restarts_and_a_new_journal(self):
        with harness.Daemon([EACH_SOURCE]) as d, Follower(d) as f:
            f.wait_for(lambda f: f.synced() is not None, "the snapshot")
            make_alerts(d, 0, 5)
            f.wait_for(lambda f: len(f.changes()) >= 5, "the first")
            d.restart()
            make_alerts(d, 5, 5)
            d.kill()
            d.start()
            make_alerts(d, 10, 5)
            f.wait_for(lambda f: len(f.changes()) >= 15, "all of them")
            self.assertEqual((f.changes(), f.resets()), (until(15), 1))
            d.stop()
            f.wait_for(lambda f: "silent" in f.lines, "that silence is told")
            shutil.rmtree(d.path("state"))
            os.mkdir(d.path("state"))
            d.start()
            make_alerts(d, 100, 3)
            f.wait_for(lambda f: f.resets() == 2 and len(f.snapshot()) + len(f.changes()) >= 3, "the new journal")
            self.assertEqual(sorted(f.snapshot() + f.changes()), until(3))


class AnOlderCopy(unittest.TestCase):
    def test_numbers_that_go_back_are_noticed(self):
        """The journal is put back to a copy of the same epoch: its next alerts bear numbers that were given out."""
        example = [sys.executable, "-B", os.path.join(EXAMPLES, "subscribe.py")]
        with harness.Daemon([EACH_SOURCE]) as d, Follower(d) as f, Tail(d) as t, \
                Watched(example, env=d.client_env()) as e:
            f.wait_for(lambda f: f.synced() is not None, "the snapshot")
            make_alerts(d, 0, 3)
            d.thaw("journal", "export", "--state", d.path("state"), d.path("copy"))
            make_alerts(d, 10, 4)
            for it, count in ((f, lambda: f.changes()), (t, t.numbers), (e, lambda: e.lines)):
                it.wait_for(lambda _, count=count: len(count()) >= 7, "what comes before")
            d.stop()
            shutil.rmtree(d.path("state"))
            os.mkdir(d.path("state"))
            d.thaw("journal", "import", "--state", d.path("state"), d.path("copy"))
            d.start()
            f.wait_for(lambda f: f.resets() == 2 and f.synced()[1] == 3, "the older copy")
            for it, count in ((t, t.numbers), (e, lambda: e.lines)):  # or they could no longer notice
                it.wait_for(lambda _, count=count: len(count()) >= 10, "the older copy's alerts")
            make_alerts(d, 20, 6)  # beyond the number that was seen last
            f.wait_for(lambda f: len(f.changes()) >= 6, "what came since")
            self.assertEqual((sorted(f.snapshot()), f.changes()), (until(3), list(range(4, 10))))
            for it, numbers in ((t, t.numbers), (e, lambda: [int(line.split()[0]) for line in e.lines])):
                it.wait_for(lambda _, numbers=numbers: len(numbers()) >= 16, "what came since")
                self.assertEqual((numbers()[:7], sorted(numbers()[7:10]), numbers()[10:]),
                                 (until(7), until(3), list(range(4, 10))))


class AQueueOfTheJournalBefore(unittest.TestCase):
    """Whoever was busy while the journal was exchanged finds much in its queue that is of the one before: one snapshot
    stands for all of it."""

    def follow_busily(self, words):
        with harness.Daemon([EACH_COUNTRY, EACH_SOURCE]) as d:
            make_alerts(d, 0, 1)
            told, tells = os.pipe()
            fcntl.fcntl(tells, fcntl.F_SETPIPE_SZ, 4096)  # soon full: then it waits for us, its sockets do not
            p = subprocess.Popen(words(d), stdin=subprocess.PIPE, stdout=tells, stderr=subprocess.DEVNULL,
                                 env=d.client_env())
            os.close(tells)
            with open(told, encoding="utf-8") as lines, p:
                try:
                    lines.readline()  # the snapshot
                    for n in range(10):
                        make_alerts(d, 1 + 80 * n, 80)  # within what a SUB keeps
                    d.kill()
                    shutil.rmtree(d.path("state"))
                    os.mkdir(d.path("state"))
                    d.start()
                    d.publish(*[event(n, source=f"new-{n}") for n in range(3)])
                    harness.wait_for(lambda: d.status()["subscribers"] >= 1, "that it is there again")
                    seen = []
                    while len(seen) < 4:
                        line = lines.readline()
                        if "new-3" in line:  # the last one that will come
                            break
                        seen += [line] if "new-" in line else []
                        if len(seen) == 3:
                            d.publish(event(3, source="new-3"))
                    self.assertEqual(len(seen), 3, "each once")
                finally:
                    p.kill()

    def test_libthaw(self):
        self.follow_busily(lambda d: [FOLLOWER, d.address("alerts"), d.address("service"), "alert.-."])

    def test_tail(self):
        self.follow_busily(lambda d: [harness.THAW, "tail", "--topic", "-."])

    def test_python(self):
        self.follow_busily(lambda d: [sys.executable, "-B", os.path.join(EXAMPLES, "subscribe.py"), "alert.-."])


class AnswersThatLeadNowhere(unittest.TestCase):
    def ask(self, d, answers, beat):
        """What libthaw asks, in a second, a service that gives these answers again and again."""
        service, alerts = d.context.socket(zmq.ROUTER), d.context.socket(zmq.PUB)
        service.bind(d.address("service"))
        alerts.bind(d.address("alerts"))
        questions, end = [], time.monotonic() + 1
        with Follower(d):
            while time.monotonic() < end:
                alerts.send_multipart([b"beat", harness.pack(beat)])
                if service.poll(20):
                    route, verb, request, _ = service.recv_multipart()
                    questions.append(verb.decode())
                    answer = answers[(len(questions) - 1) % len(answers)]
                    service.send_multipart([route, b"OK", request, harness.pack(answer)])
        service.close(0)
        alerts.close(0)
        return questions

    def test_they_are_not_asked_for_without_end(self):
        at = harness.msgpack.Timestamp(1, 0)
        whole = {"epoch": "e", "seq": 2, "alerts": [], "more": False, "head": 2, "next": 2}
        with harness.Daemon(start=False) as d:
            asked = self.ask(d, [whole], {"epoch": "e", "seq": 9, "at": at})  # a beat ahead of every replay
            self.assertEqual(asked[:2], ["snapshot", "replay"])
            self.assertLess(len(asked), 6)
            asked = self.ask(d, [{**whole, "epoch": ""}], {"epoch": "e", "seq": 2, "at": at})
            self.assertLess(len(asked), 6)

    def test_pages_of_a_snapshot_that_lead_nowhere(self):
        beat = {"epoch": "e", "seq": 1, "at": harness.msgpack.Timestamp(1, 0)}
        with harness.Daemon(start=False) as d:
            for name, ids in PAGES_THAT_LEAD_NOWHERE.items():
                asked = self.ask(d, [page(i) for i in ids], beat)
                self.assertEqual(set(asked), {"snapshot"}, name)
                self.assertLess(len(asked), 6, name)

    def test_pages_of_a_snapshot_that_lead_nowhere_end_thaw(self):
        told = [*([page(i) for i in ids] for ids in PAGES_THAT_LEAD_NOWHERE.values()),
                [{"epoch": "e", "seq": 1, "more": False}], [{**page("r:a:1"), "alerts": {}}]]
        with harness.Daemon(start=False) as d:
            for pages in told:
                for words in (["tail", "--no-follow"], ["tail"], ["alerts"]):
                    with Answering(d, pages) as a:
                        done = d.thaw(*words, "--json", check=False)
                    self.assertEqual((done.returncode, done.stderr),
                                     (3, "thaw: thawd does not tell all the alerts that are active\n"), (words, pages))
                    self.assertLess(a.asked, 6)

    # PROTOCOL.md, 9: on another epoch in a reply, begin at the snapshot's first page
    OTHER_BETWEEN_PAGES = [page("r:a:1"), page("r:b:1", "f"), page("r:a:1", "f"), page("r:c:1", "f", False)]
    OTHER_EACH_TIME = [page("r:a:1"), page("r:b:1", "f")]

    def test_another_journal_between_the_pages_of_a_snapshot(self):
        with harness.Daemon(start=False) as d:
            with Answering(d, self.OTHER_BETWEEN_PAGES) as a:
                done = d.thaw("tail", "--no-follow", "--json", check=False)
                self.assertEqual(a.asked, 4)
            told = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual([t.get("reset", t).get("id", "reset") + t.get("reset", t)["epoch"] for t in told],
                             ["r:a:1e", "resetf", "r:a:1f", "r:c:1f"])
            self.assertEqual(done.returncode, 0, done.stderr)
            with Answering(d, self.OTHER_BETWEEN_PAGES):
                done = d.thaw("alerts", "--json", check=False)  # has no word for what was listed before
            self.assertEqual((done.returncode, done.stderr),
                             (3, "thaw: thawd has begun another journal while it told its alerts; ask again\n"))

    def test_another_journal_between_the_pages_of_each_snapshot(self):
        beat = {"epoch": "e", "seq": 1, "at": harness.msgpack.Timestamp(1, 0)}
        with harness.Daemon(start=False) as d:
            with Answering(d, self.OTHER_EACH_TIME) as a:
                done = d.thaw("tail", "--no-follow", "--json", check=False)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertLess(a.asked, 30)
            self.assertLess(len(self.ask(d, self.OTHER_EACH_TIME, beat)), 9, "libthaw")

    def test_silence_is_told_before_the_first_answer(self):
        with harness.Daemon(start=False) as d, Follower(d) as f:
            f.wait_for(lambda f: f.lines == ["silent"], "that nobody is there")
            d.start()
            f.wait_for(lambda f: f.synced() is not None, "the snapshot")


class TailFollows(unittest.TestCase):
    def test_from_a_number_a_time_and_the_beginning(self):
        with harness.Daemon([EACH_SOURCE]) as d:
            for n in range(6):  # one a day
                d.publish(event(n, source=f"s{n}", reported_at=f"2025-06-2{n}T00:00:00Z"))
            for start, wanted in (("beginning", until(6)), ("0", until(6)), ("4", [5, 6]), ("6", []),
                                  ("2025-06-23", [4, 5, 6]), ("2025-06-23T00:00:01Z", [5, 6])):
                done = d.thaw("tail", "--from", start, "--no-follow", "--json")
                with Tail(d, "--from", start) as t:
                    make_alerts(d, 0, 0)
                    t.wait_for(lambda t: len(t.numbers()) >= len(wanted), "them")
                    self.assertEqual(t.numbers(), wanted, start)
                self.assertEqual(done.stdout.count("\n"), len(wanted), start)

    def test_a_number_that_was_not_given_out_yet(self):
        with harness.Daemon([EACH_SOURCE]) as d:
            make_alerts(d, 0, 3)
            done = d.thaw("tail", "--from", "2025", "--no-follow", "--json")
            self.assertEqual((done.stdout, done.stderr), ("", "thaw: the last change is 3, none is after 2025 yet\n"))

    def test_what_of_the_past_is_gone(self):
        """The beginning is that of what is kept; a time is gone on from where all since then is."""
        with harness.Daemon([EACH_SOURCE], {"retain": {"age": "30d"}}) as d:
            for n in range(40):  # one every five days
                month, day = 1 + n // 6, 1 + n % 6 * 5
                d.publish(event(n, source=f"s{n}", occurred_at=f"2025-{month:02}-{day:02}",
                                reported_at=f"2025-{month:02}-{day:02}T00:00:00Z"))
            harness.wait_for(lambda: d.status()["journal"]["queue_bytes"] == 0, "the last drop to be written")
            kept, head = d.status()["journal"]["first_alert"], d.status()["seq"]
            self.assertGreater(kept, 5)
            self.assertGreater(head, kept + 3)
            self.assertEqual(d.ask("replay", {"from": kept - 2})[1]["code"], "gone")
            changes = d.ok("replay", {"from": kept - 1})["alerts"]
            at = changes[2]["at"].to_datetime().strftime("%Y-%m-%dT%H:%M:%SZ")
            later = [a["seq"] for a in changes if a["at"].to_datetime() >= changes[2]["at"].to_datetime()]
            active = {a["seq"] for a in d.ok("snapshot")["alerts"]}
            everything = list(range(kept, head + 1))
            gone = f"thaw: the changes before {kept} are no longer kept\n"
            for start, wanted, said in (("beginning", everything, ""), (at, later, ""), ("2025-01-02", everything, gone)):
                done = d.thaw("tail", "--from", start, "--no-follow", "--json")
                self.assertEqual(([json.loads(line)["seq"] for line in done.stdout.splitlines()], done.stderr), (wanted, said))
            done = d.thaw("tail", "--from", "1", "--no-follow", "--json")  # a number that somebody kept
            reset, *lines = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual(reset, {"reset": {"epoch": d.status()["epoch"], "seq": head}})
            self.assertEqual({line["seq"] for line in lines}, active)
            self.assertEqual(done.stderr, "thaw: the changes after 1 are no longer kept; these are the active alerts\n")

    def test_holes_restarts_and_a_new_journal(self):
        with harness.Daemon([EACH_SOURCE]) as d, Lossy(d, 0.5) as way, \
                Tail(d, "--from", "beginning", alerts=way.address) as t:
            make_alerts(d, 0, 3)
            for n in range(20):
                make_alerts(d, 3 + 5 * n, 5)
            t.wait_for(lambda t: len(t.numbers()) >= 103, "all of them")
            self.assertEqual(t.numbers(), until(103))
            d.restart()
            make_alerts(d, 200, 2500)
            t.wait_for(lambda t: len(t.numbers()) >= 2603, "those after the restart")
            self.assertEqual(t.numbers(), until(2603))
            d.stop()
            shutil.rmtree(d.path("state"))
            os.mkdir(d.path("state"))
            d.start()
            make_alerts(d, 9000, 4)
            t.wait_for(lambda t: len(t.numbers()) >= 2607, "the new journal")
            self.assertEqual(sorted(t.numbers()[2603:]), until(4))
            self.assertEqual([reset["epoch"] for reset in t.resets()], [d.status()["epoch"]])


class ReportsAreFollowed(unittest.TestCase):
    """thaw events --follow"""

    def follow(self, d, *words):
        return Watched([harness.THAW, "events", "--bare", "--follow", "--timeout", "200ms", *words], d.client_env())

    def ids(self, w):
        return [json.loads(line)["id"] for line in list(w.lines)]

    def await_ids(self, w, wanted):
        w.wait_for(lambda w: len(w.lines) >= len(wanted), f"report {wanted[-1]}")
        self.assertEqual(self.ids(w), wanted)

    def test_over_the_time_without_thawd(self):
        with harness.Daemon() as d, self.follow(d) as w:
            d.publish(event(1))
            self.await_ids(w, ["e1"])
            d.kill()
            self.assertIn("waiting", w.process.stderr.readline())
            d.start()
            d.publish(event(2))
            self.await_ids(w, ["e1", "e2"])
            self.assertEqual(w.process.stderr.readline(), "thaw: thawd is there again\n")

    def test_to_another_journal_and_an_older_copy(self):
        with harness.Daemon() as d, self.follow(d) as w:
            d.publish(*[event(n) for n in range(4)])
            self.await_ids(w, ["e0", "e1", "e2", "e3"])
            d.kill()
            shutil.rmtree(d.path("state"))
            os.mkdir(d.path("state"))
            d.start()
            d.publish(event(10), event(11))
            self.await_ids(w, ["e0", "e1", "e2", "e3", "e10", "e11"])
            d.thaw("journal", "export", "--state", d.path("state"), d.path("copy"))
            d.publish(event(12))
            self.await_ids(w, ["e0", "e1", "e2", "e3", "e10", "e11", "e12"])
            d.kill()
            shutil.rmtree(d.path("state"))
            os.mkdir(d.path("state"))
            d.thaw("journal", "import", "--state", d.path("state"), d.path("copy"))
            d.start()
            w.wait_for(lambda w: "after 2 follow" in w.process.stderr.readline(), "that it says so")
            d.publish(event(13))
            self.await_ids(w, ["e0", "e1", "e2", "e3", "e10", "e11", "e12", "e13"])

    def test_from_a_number_that_is_still_to_come(self):
        with harness.Daemon() as d, self.follow(d, "--from", "2") as w:
            d.publish(event(1))
            pause()
            d.publish(event(2), event(3))
            self.await_ids(w, ["e3"])


if __name__ == "__main__":
    harness.main()
