"""The verbs of thaw as a shell meets them: help, exit codes, one JSON object a line, environment,
colours, errors, pipes and signals."""

import fcntl
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import termios
import unittest

import harness

VERBS = ("pub", "tail", "state", "incidents", "alerts", "explain", "events", "rejects", "rules",
         "status", "reload", "keygen")
ASKING = ("state", "incidents", "alerts", "events", "rejects", "rules", "status", "reload")


def environment(daemon=None, **more):
    env = dict(os.environ, TERM="xterm")
    for name in ("NO_COLOR", "CLICOLOR_FORCE", "THAW_KEY", "THAW_SERVER_KEY"):
        env.pop(name, None)
    for name in ("service", "alerts", "events"):
        env["THAW_" + name.upper()] = daemon.address(name) if daemon else "ipc:///nowhere/" + name
    env.update(more)
    return env


def thaw(*arguments, daemon=None, given=None, **more):
    return subprocess.run([harness.THAW, *arguments], input=given, text=True, capture_output=True,
                          timeout=harness.PATIENCE, env=environment(daemon, **more), check=False)


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def event(number, **keys):
    whole = {"id": str(number), "kind": "release", "country": "BY", "source": "AP",
             "occurred_at": "2025-12-13", "reported_at": "2025-12-13", "count": 60,
             "status": "confirmed"}
    whole.update(keys)
    return whole


def given(*events):
    return "".join(json.dumps(one) + "\n" for one in events)


RULE = {"rule": "mass-release", "by": ["country"],
        "select": {"freed": {"kind": "release", "within": "3d"}}, "when": "freed.sum >= 50",
        "severity": "warning", "title": "{country}: {freed.sum} freed"}


class WithoutThawd(unittest.TestCase):
    def test_help(self):
        for verb in VERBS:
            for arguments in ((verb, "--help"), ("help", verb)):
                done = thaw(*arguments)
                self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
                self.assertIn("usage: thaw " + verb, done.stdout)
                self.assertIn("Exit codes: 0 done, 1", done.stdout)
                self.assertEqual("3 no connection" in done.stdout, "--service" in done.stdout, verb)
        for arguments in (("rules", "test", "--help"), ("help", "rules", "test")):
            self.assertIn("--only TEXT", thaw(*arguments).stdout, arguments)
        done = thaw("--help")
        self.assertEqual(done.returncode, 0)
        for verb in VERBS:
            self.assertRegex(done.stdout, rf"(?m)^  {verb} ")
        self.assertRegex(thaw("--version").stdout, r"^thaw \d+\.\d+\.\d+\n$")

    def test_wrong_usage_is_2_and_names_what_was_meant(self):
        for arguments, says in ((("stat",), "state"), (("state", "--sinse", "2025"), "--since"),
                                (("state", "Belarus"), "two capital letters"),
                                (("state", "--since", "yesterday"), "expected a date"),
                                (("incidents", "--kind", "relase"), "did you mean 'release'"),
                                (("pub", "--format", "xml"), "json, msgpack or auto"),
                                (("pub", "--batch", "0"), "expected a number from 1"),
                                (("tail", "--count", "-1"), "expected a number"),
                                (("tail", "--from", "soon"), "expected the number of a change, 'beginning', or a date"),
                                (("events", "BY", "RU"), "one too many"),
                                (("journal", "check", "state"), "'state' is one too many"),
                                (("events", "--kind", "relase"), "did you mean 'release'"),
                                (("explain",), "something is missing"),
                                (("status", "--timeout"), "needs a value"),
                                (("status", "--timeout", "soon"), "expected a time"),
                                (("expr", "-5 + 3"), "comes after --"), ((), "usage")):
            done = thaw(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(says, done.stderr, arguments)
            self.assertEqual(done.stdout, "", arguments)

    def test_no_thawd_is_3_and_soon_known(self):
        for verb in ASKING + ("tail",):
            done = thaw(verb, "--timeout", "0.2")
            self.assertEqual((done.returncode, done.stdout), (3, ""), verb)
            self.assertIn("no connection to ipc:///nowhere/service", done.stderr, verb)
            self.assertIn("is thawd running?", done.stderr, verb)
        done = thaw("explain", "mass-release", "BY", "--timeout", "0.2")
        self.assertEqual(done.returncode, 3)
        done = thaw("status", "--timeout", "0.2", THAW_SERVICE="tcp://127.0.0.1:1")
        self.assertEqual(done.returncode, 3)
        self.assertIn("no answer from tcp://127.0.0.1:1 within 0.2 s", done.stderr)
        self.assertIn("--server-key", done.stderr)

    def test_nobody_to_publish_to(self):
        done = thaw("pub", given=given(event(1)))
        self.assertEqual(done.returncode, 3)
        self.assertIn("no connection to ipc:///nowhere/service", done.stderr)
        self.assertIn("0 of the 1 events", done.stderr)
        done = thaw("pub", "--unacknowledged", "--timeout", "0.2", given=given(event(1)))
        self.assertEqual(done.returncode, 3)

    def test_pub_takes_no_answer_for_an_acknowledgement_that_does_not_account_for_the_events(self):
        whole = {"accepted": 1, "duplicates": 1, "rejected": [], "journal_seq": 1}
        for body in ([1, 2, 3], {}, dict(whole, accepted=0), dict(whole, accepted=2), dict(whole, rejected=None), whole):
            with harness.zmq.Context() as context, context.socket(harness.zmq.ROUTER) as server:
                server.linger = 0
                port = server.bind_to_random_port("tcp://127.0.0.1")
                with subprocess.Popen([harness.THAW, "pub", "--service", f"tcp://127.0.0.1:{port}"], text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as pub:
                    pub.stdin.write(given(event(1), event(2)))
                    pub.stdin.close()
                    peer, _, number, _ = harness.receive(server)
                    server.send_multipart([peer, b"OK", number, harness.pack(body)])
                    said, wrong = pub.stdout.read(), pub.stderr.read()
                self.assertEqual(pub.returncode, 0 if body is whole else 3, (body, said))
                self.assertIn("2 events: 1 accepted" if body is whole else "0 of the 2 events", said + wrong, body)

    def serve(self, port, first, last, client=None):
        """Binds a thawd of a kind, which goes away after `last` requests; ids in the order in which they came. It
        answers those from the number `first` on. Where a client is named it stays until that has ended: the last
        answer may still be on its way."""
        ids = []
        with harness.zmq.Context() as context, context.socket(harness.zmq.ROUTER) as server:
            server.linger = 200
            server.bind(f"tcp://127.0.0.1:{port}")
            while not last(ids):
                peer, _, number, body = harness.receive(server)
                ids.append(int(harness.unpack(body)["id"]))
                if len(ids) > first:
                    server.send_multipart([peer, b"OK", number, harness.pack({"accepted": 1, "duplicates": 0,
                                                                              "rejected": [], "journal_seq": ids[-1]})])
            if client:
                client.wait(harness.PATIENCE)
        return ids

    def test_pub_sends_at_once_again_what_was_lost_with_a_thawd(self):
        """And before what comes behind it, not once nothing else is left to do."""
        with socket.create_server(("127.0.0.1", 0)) as found:
            port = found.getsockname()[1]
        with subprocess.Popen([harness.THAW, "pub", "-q", "--batch", "1", "--window", "4", "--service",
                               f"tcp://127.0.0.1:{port}"], text=True, stdin=subprocess.PIPE) as pub:
            pub.stdin.write(given(*[event(n) for n in range(30)]))
            pub.stdin.close()
            went = self.serve(port, 2, lambda ids: len(ids) >= 4)  # the first two are not answered
            came = self.serve(port, 0, lambda ids: 29 in ids, pub)
            self.assertEqual((went, sorted(came)), ([0, 1, 2, 3], came))
            self.assertEqual(came[:2], [0, 1])
        self.assertEqual(pub.returncode, 0)

    def test_an_address_that_is_none(self):
        done = thaw("status", "--service", "nonsense")
        self.assertEqual(done.returncode, 3)
        self.assertIn("cannot connect to 'nonsense'", done.stderr)
        for port in ("99999", "0", "5780x", ""):
            done = thaw("status", "--timeout", "0.2", "--service", "tcp://127.0.0.1:" + port)
            self.assertEqual(done.returncode, 3)
            self.assertIn("cannot connect to 'tcp://127.0.0.1:", done.stderr, port)

    def test_pub_check(self):
        done = thaw("pub", "--check", "--json", given=given(event(1), event(2, count=-1)) + "{\n")
        self.assertEqual(done.returncode, 1)
        first, second, summary = lines(done)
        self.assertEqual((first["line"], first["id"], first["code"]), (2, "2", "invalid"))
        self.assertIn("count", first["message"])
        self.assertEqual((second["line"], second["code"]), (3, "malformed"))
        self.assertEqual((summary["events"], summary["valid"], summary["rejected"]), (3, 1, 2))

    def test_pub_check_of_lines_that_hold_no_event(self):
        one = json.dumps(event(1))
        for way, data, good, wrong in (
                ("a byte order mark", "\ufeff" + one, 1, []),
                ("a byte order mark in an empty file", "\ufeff", 0, []),
                ("arrays", f"[{one}, {one}]\n[]", 2, []),
                ("arrays within arrays", f"[[{one}, {one}]]\n[[]]\n[{one}, [{one}]]", 1,
                 [(1, "malformed"), (2, "malformed"), (3, "malformed")]),
                ("a NUL byte behind a number", one.replace("60", "60\0") + "\n" + one, 1, [(1, "malformed")]),
                ("an object over several lines", json.dumps(event(1), indent=1), 0, None)):
            for form in "auto", "json":
                with self.subTest(way=way, form=form):
                    done = thaw("pub", "--check", "--json", "--format", form, given=data)
                    *refused, summary = lines(done)
                    self.assertEqual(summary["valid"], good)
                    if wrong is not None:
                        self.assertEqual([(r["line"], r["code"]) for r in refused], wrong)
                    else:
                        self.assertIn("expected one event or an array of events on each line",
                                      refused[0]["message"])

    def test_keygen(self):
        with harness.Daemon(start=False) as d:
            name = d.path("key")
            done = thaw("keygen", name)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(os.stat(name + ".secret").st_mode & 0o777, 0o600)
            with open(name + ".public", encoding="ascii") as file:
                public = file.read().strip()
            self.assertEqual(len(public), 40)
            self.assertIn(public, done.stdout)
            with open(name + ".secret", encoding="ascii") as file:
                self.assertNotIn(file.read().strip(), done.stdout)
            for none in ("", d.path("")):
                self.assertEqual(thaw("keygen", none).returncode, 2)
                self.assertFalse(os.path.exists(none + ".secret"))
            again = thaw("keygen", name)
            self.assertEqual(again.returncode, 1)
            self.assertIn("File exists", again.stderr)


class WithThawd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = harness.Daemon([RULE])
        cls.addClassCleanup(cls.daemon.close)
        published = thaw("pub", "--json", daemon=cls.daemon, given=given(
            event(1), event(2, source="DW", count=62),
            event(3, kind="sanction", authority="US", action="eased", count=1,
                  targets=[{"name": "Bank", "ids": ["x:bank"]}]),
            event(4, kind="detention", country="RU", persons=[{"name": "A B", "ids": ["x:ab"]}])))
        assert published.returncode == 0, published.stderr
        cls.published = lines(published)[-1]

    def ask(self, *arguments, **more):
        return thaw(*arguments, daemon=self.daemon, **more)

    def test_pub_says_what_became_of_each(self):
        self.assertEqual((self.published["events"], self.published["accepted"],
                          self.published["duplicates"], self.published["rejected"]), (4, 4, 0, 0))
        done = self.ask("pub", given=given(event(1), event(2, source="DW", count=61),
                                           event(9, kind="weather")) + "nonsense\n")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(self.ask("pub", "--check", given=given(event(1))).stdout.startswith("1 event: 1 valid, "))
        self.assertIn("4 events: 0 accepted, 1 known already, 3 rejected", done.stdout)
        self.assertRegex(done.stderr, r"(?m)^stdin:2: 2: .*\(conflict\)$")
        self.assertRegex(done.stderr, r"(?m)^stdin:3: .*kind.*weather.*\(invalid\)$")
        self.assertRegex(done.stderr, r"(?m)^stdin:4: .*\(malformed\)$")
        self.assertEqual(self.ask("pub", "/nowhere/events.jsonl").returncode, 1)
        deep = json.loads("[" * 31 + "]" * 31)
        done = self.ask("pub", "--unacknowledged", given=given(event(1, x=deep), event(1)))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for alone in "[[]]", "[" + given(event(1))[:-1].join(("[", "]")) + "]", "[[7]]":
            for way in (), ("--unacknowledged",):
                done = self.ask("pub", *way, given=alone + "\n" + given(event(1)))
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertRegex(done.stderr, r"(?m)^stdin:1: .*\(malformed\)$")
                self.assertIn("2 events: ", done.stdout)
        rejects = lines(self.ask("rejects", "--json"))
        self.assertIn("conflict", [one["code"] for one in rejects])

    def test_json_has_the_keys_of_the_protocol(self):
        ledger = lines(self.ask("state", "BY", "--json"))
        self.assertEqual((len(ledger), ledger[0]["country"]), (1, "BY"))
        self.assertTrue({"released", "detained", "open", "measures"} <= set(ledger[0]))
        self.assertEqual([one["country"] for one in lines(self.ask("state", "--json"))],
                         ["BY", "RU"])
        for one in lines(self.ask("incidents", "--json")):
            self.assertTrue({"id", "kind", "country", "occurred_at", "count", "low", "high",
                             "status", "sources", "reports", "disagrees"} <= set(one))
        for one in lines(self.ask("events", "BY", "--json")):
            self.assertTrue({"journal_seq", "received_at", "event"} <= set(one))
        alerts = lines(self.ask("alerts", "--json"))
        self.assertEqual([(one["id"], one["state"]) for one in alerts],
                         [("mass-release:BY:1", "firing")])
        status = lines(self.ask("status", "--json"))
        self.assertTrue({"version", "epoch", "seq", "uptime", "counters"} <= set(status[0]))
        self.assertEqual([one["rule"] for one in lines(self.ask("rules", "--json"))],
                         ["mass-release"])
        self.assertEqual(lines(self.ask("reload", "--dry", "--json"))[0]["rule"], "mass-release")
        explained = lines(self.ask("explain", "mass-release:BY:1", "--json"))
        self.assertEqual(len(explained), 1)

    def test_what_events_writes_pub_reads(self):
        odd = {"most": 2**64 - 1, "above": 2**63, "whole": 3.0, "least": -2**63, "greatest": 2**63 - 1, "tiny": 5e-324,
               "bytes": b"\0\xff", "ext": harness.msgpack.ExtType(5, b"x"), "at": harness.msgpack.Timestamp(-5, 1),
               "text": '\u2028"\\\U0001f54a', "": [None, True, {"deep": [2**64 - 1]}]}
        with harness.Daemon() as one, harness.Daemon() as other:
            one.publish(event(1, **{key: value for key, value in odd.items() if key != "ext"}), event(2, **odd))
            bare = thaw("events", "--bare", daemon=one).stdout
            done = thaw("pub", "--quiet", given=bare, daemon=other)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            first, second = (d.ok("events")["events"][1]["event"] for d in (one, other))
            text = {"most": str(2**64 - 1), "above": str(2**63), "bytes": "AP8=", "ext": {"ext": 5, "data": "eA=="},
                    "at": "1969-12-31T23:59:55.000000001Z", "": [None, True, {"deep": [str(2**64 - 1)]}]}
            self.assertEqual(second, {**first, **text})
            self.assertIs(type(second["whole"]), float)

    def test_options_go_before_the_environment(self):
        done = self.ask("status", "--service", self.daemon.address("service"),
                        THAW_SERVICE="ipc:///nowhere/service")
        self.assertEqual(done.returncode, 0)

    def test_what_is_not_so_is_1(self):
        for arguments in (("explain", "mass-release:XX:9"), ("explain", "release-BY-0"),
                          ("explain", "no-such-rule", "BY")):
            done = self.ask(*arguments)
            self.assertEqual((done.returncode, done.stdout), (1, ""), arguments)
            self.assertIn("not-found", done.stderr)

    def test_text_fits_a_terminal(self):
        for arguments in (("state", "BY"), ("state",), ("incidents",), ("status",), ("alerts",)):
            done = self.ask(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
            self.assertNotIn("\033", done.stdout)
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 120, arguments)
        text = self.ask("state", "BY").stdout
        self.assertRegex(text, r"(?m)^released +62 +60 +62 +1$|^released +60 +60 +62 +1$")
        self.assertRegex(text, r"(?m)^disagreements")
        self.assertRegex(self.ask("incidents", "BY", "--kind", "release").stdout, r"60-62")
        self.assertRegex(self.ask("status").stdout, r"(?m)^uptime +(\d+ min )?[\d.]+ s$")

    def on_terminal(self, *arguments, columns=80, **more):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        with subprocess.Popen([harness.THAW, *arguments], stdout=theirs, stdin=subprocess.DEVNULL,
                              env=environment(self.daemon, **more)) as process:
            os.close(theirs)
            text = b""
            try:
                while chunk := os.read(ours, 65536):
                    text += chunk
            except OSError:
                pass  # a terminal whose other end is closed
            os.close(ours)
            self.assertEqual(process.wait(harness.PATIENCE), 0)
        return text.decode()

    def test_foreign_text_is_harmless(self):
        steering = "\u200b\u200e\u202e\u2066\u2060\ufeff\u061c\uffff\ue000\ufff9\U000e0041\U0010ffff"
        with harness.Daemon() as d:
            d.publish(event(1, kind="detention", country="TM", persons=[{"name": f"A{steering}B", "ids": ["x:1"]},
                                                                        {"name": "\u0645\u06cc\u200c\u062e", "ids": ["x:2"]}],
                            count=2))
            for words in (("state", "TM"), ("events",)):
                done = thaw(*words, daemon=d)
                for one in steering:
                    self.assertNotIn(one, done.stdout)
            shown = thaw("state", "TM", daemon=d).stdout
            self.assertIn("A" + "?" * len(steering) + "B", shown)
            self.assertIn("\u0645\u06cc\u200c\u062e", shown)

    def test_colours(self):
        self.assertIn("\033[31mfiring", self.on_terminal("alerts"))
        self.assertNotIn("\033", self.on_terminal("alerts", NO_COLOR="1"))
        self.assertNotIn("\033", self.on_terminal("alerts", TERM="dumb"))
        self.assertNotIn("\033", self.on_terminal("alerts", "--json"))
        self.assertIn("\033[31mfiring", self.ask("alerts", CLICOLOR_FORCE="1").stdout)
        self.assertNotIn("\033", self.ask("alerts", CLICOLOR_FORCE="1", NO_COLOR="1").stdout)
        for line in self.on_terminal("state", "BY", NO_COLOR="1").splitlines():
            self.assertLessEqual(len(line), 80)

    def test_nothing_is_cut_where_a_table_does_not_fit_even_so(self):
        for columns in (20, 45, 60, 70, 80, 90, 120):
            for arguments in (("incidents", "BY"), ("state",), ("rules",)):
                text = self.on_terminal(*arguments, columns=columns, NO_COLOR="1")
                if "…" in text:
                    self.assertLessEqual(max(map(len, text.splitlines())), columns, (columns, arguments))

    def test_the_reason_of_a_refusal_is_whole(self):
        self.ask("pub", given=given(event(77, kind="weather")))
        reason = lines(self.ask("rejects", "--json", "--limit", "1"))[0]["message"]
        self.assertGreater(len(reason), 60)
        self.assertIn(reason, self.on_terminal("rejects", "--limit", "1", NO_COLOR="1"))

    def test_one_that_hangs_is_none_that_refuses(self):
        with harness.Daemon() as daemon:
            daemon.send_signal(signal.SIGSTOP)
            done = thaw("status", "--timeout", "5.5", daemon=daemon)  # until after the handshake is given up
            daemon.send_signal(signal.SIGCONT)
            self.assertEqual(done.returncode, 3)
            self.assertIn("no answer from", done.stderr)

    def test_pub_goes_on_as_soon_as_it_may(self):
        """With a wait of a tenth for each, a thousand would not be there within all patience."""
        with harness.Daemon() as daemon:
            done = thaw("pub", "--json", "--batch", "1", "--window", "1", daemon=daemon,
                        given=given(*(event(n) for n in range(1000))))
            self.assertEqual((done.returncode, lines(done)[0]["accepted"]), (0, 1000))

    def test_tail(self):
        done = self.ask("tail", "--no-follow", "--from", "beginning", "--json")
        self.assertEqual(done.returncode, 0)
        numbers = [one["seq"] for one in lines(done)]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual(len(lines(self.ask("tail", "--count", "1", "--from", "beginning",
                                            "--json"))), 1)
        self.assertEqual(self.ask("tail", "--no-follow", "--topic", "RU.", "--json").stdout, "")

    def test_tail_says_where_more_reports_may_be(self):
        daemon = harness.Daemon([RULE])
        self.addCleanup(daemon.close)
        thaw("pub", daemon=daemon, given=given(*(event(n, source="S%d" % n) for n in range(63))))
        self.assertIn(", 63 reports", thaw("tail", "--no-follow", daemon=daemon).stdout)
        thaw("pub", daemon=daemon, given=given(*(event(n, source="S%d" % n) for n in range(63, 70))))
        self.assertIn(", 64 or more reports", thaw("tail", "--no-follow", daemon=daemon).stdout)

    def test_tail_ends_at_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen([harness.THAW, "tail"], stdout=subprocess.PIPE, text=True,
                                  env=environment(self.daemon)) as process:
                self.assertIn("mass-release:BY:1", process.stdout.readline())
                process.send_signal(number)
                self.assertIn(process.wait(harness.PATIENCE), (0, -number))

    def test_a_pipe_that_closes(self):
        with subprocess.Popen([harness.THAW, "events", "--follow"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, env=environment(self.daemon)) as process:
            self.assertTrue(process.stdout.readline())
            process.stdout.close()
            harness.wait_for(lambda: self.pushed(process), "the end of thaw events")

    def test_a_pipe_that_closes_while_nothing_comes(self):
        for words in (("tail", "--from", "beginning"), ("events", "--follow")):
            with subprocess.Popen([harness.THAW, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  env=environment(self.daemon)) as process:
                self.assertTrue(process.stdout.readline())
                process.stdout.close()
                process.wait(harness.PATIENCE)

    def pushed(self, process):
        """Publishes one more report, so that the program writes to its closed pipe."""
        type(self).number = getattr(self, "number", 1000) + 1
        self.ask("pub", "--quiet", given=given(event(self.number, country="RU", kind="detention",
                                                     count=1)))
        return process.poll() is not None


if __name__ == "__main__":
    harness.main()
