"""thawd --check: what a configuration says that is not meant is refused, with its place."""

import json
import os
import subprocess
import unittest
import unittest.mock

import harness


class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.d = harness.Daemon(start=False)
        cls.addClassCleanup(cls.d.close)

    def check(self, text):
        with open(self.d.path("checked.yaml"), "w", encoding="utf-8", errors="surrogateescape") as f:
            f.write(text)
        done = subprocess.run([harness.THAWD, "--config", self.d.path("checked.yaml"), "--check"], capture_output=True,
                              text=True, timeout=harness.PATIENCE, check=False)
        return done.returncode, done.stderr.replace(self.d.folder, "")

    def address(self, address, key="bind"):
        return self.check(json.dumps({"rules": [], "events": {key: [address]}}))

    def test_a_second_document_is_not_passed_over(self):
        self.assertEqual(self.check("---\nrules: []\nbeat: 1s\n...\n"), (0, ""))
        status, said = self.check("rules: []\n---\nbeat: 2s\n")
        self.assertEqual((status, said), (78, "thawd: error: /checked.yaml:3:1: found a second YAML document, expected one\n"))
        self.assertEqual(self.check("rules: []\n---\nbeat: [\n")[0], 78)

    def test_what_cannot_be_written_is_no_success(self):
        with open(self.d.path("fine.yaml"), "w", encoding="utf-8") as f:
            f.write("rules: []\n")
        for words in (["--help"], ["--version"], ["--check", "--config", self.d.path("fine.yaml")]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([harness.THAWD, *words], stdout=full, stderr=subprocess.PIPE, text=True,
                                      timeout=harness.PATIENCE, check=False)
            self.assertEqual((done.returncode, done.stderr), (1, "thawd: the output could not be written in full\n"), words)

    def test_ports(self):
        for good in ("7301", "0", "*", "65535"):
            self.assertEqual(self.address("tcp://127.0.0.1:" + good)[0], 0, good)
        for bad in ("65536", "99999", "7301x", "x", "-1", "+7301", " 7301", "073010", ""):
            for key in ("bind", "connect"):
                status, said = self.address("tcp://127.0.0.1:" + bad, key)
                self.assertEqual(status, 78, (bad, key))
                self.assertIn("expected tcp://HOST:PORT, the port being a number up to 65535", said)

    def test_a_name_is_no_place_to_bind(self):
        status, said = self.address("tcp://localhost:7301")
        self.assertEqual(status, 78)
        self.assertIn("tcp://127.0.0.1:PORT", said)
        self.assertEqual(self.address("tcp://localhost:7301", "connect")[0], 0)

    def test_an_address_stands_for_one_thing(self):
        """At one of service.read that is among service.bind, too, everything would be answered."""
        one = "ipc:///run/thaw/one"
        for groups in ({"service": {"bind": [one], "read": [one]}}, {"service": {"publish": [one], "read": [one]}},
                       {"service": {"bind": [one]}, "events": {"bind": ["ipc:///run/thaw/e", one]}},
                       {"service": {"read": ["ipc:///run/thaw/service"]}},
                       {"alerts": {"bind": ["tcp://127.0.0.1:7301"]}, "events": {"bind": ["tcp://127.0.0.1:7301"]}}):
            status, said = self.check(json.dumps({"rules": [], **groups}))
            self.assertEqual(status, 78, groups)
            self.assertIn("expected an address that no other endpoint has, and no other part of service", said)
        free = {name: {"bind": ["tcp://127.0.0.1:*"]} for name in ("events", "service", "alerts")}
        self.assertEqual(self.check(json.dumps({"rules": [], **free}))[0], 0)

    def test_one_address_written_in_two_ways(self):
        for other in ("ipc:///run/thaw//one", "ipc:///run//thaw/./one", "ipc:////run/thaw/one"):
            status, said = self.check(json.dumps({"rules": [], "service": {"bind": ["ipc:///run/thaw/one"]},
                                                  "alerts": {"bind": [other]}}))
            self.assertEqual(status, 78, other)
            self.assertIn("expected an address that no other endpoint has", said)
        self.assertEqual(self.check(json.dumps({"rules": [], "service": {"bind": ["ipc:///run/thaw/one"]},
                                                "alerts": {"bind": ["ipc:///run/thaw/.one"]}}))[0], 0)

    def test_how_many_addresses(self):
        def many(kind, count):
            return [f"ipc:///run/thaw/{kind}{i}" for i in range(count)]

        for groups, status in (({"events": {"bind": many("e", 32), "connect": many("c", 40)}}, 0),
                               ({"events": {"bind": many("e", 33)}}, 78), ({"alerts": {"bind": many("a", 33)}}, 78),
                               ({"service": {"bind": many("s", 12), "publish": many("p", 10), "read": many("r", 10)}}, 0),
                               ({"service": {"bind": many("s", 12), "publish": many("p", 10), "read": many("r", 11)}}, 78)):
            found, said = self.check(json.dumps({"rules": [], **groups}))
            self.assertEqual(found, status, (groups, said))
            if status:
                self.assertRegex(said, r"checked.yaml:1:[0-9]+: found .*, expected at most 32 addresses")

    def test_more_ids_than_join_persons(self):
        self.assertEqual(self.check(json.dumps({"rules": [], "limits": {"ids": 64}}))[0], 0)
        status, said = self.check(json.dumps({"rules": [], "limits": {"ids": 65}}))
        self.assertEqual(status, 78, said)
        self.assertRegex(said, "found .*65.*, expected .*64")

    def test_hosts(self):
        """What cannot be an address is told where it stands, and not when it is bound."""
        keys = self.d.path("keys")
        os.makedirs(keys, exist_ok=True)
        subprocess.run([harness.THAW, "keygen", keys + "/server"], check=True, capture_output=True)
        curve = {"server": keys + "/server.secret", "clients": [keys + "/server.public"], "upstream": keys + "/server.public"}
        for host, bind, connect in (
                ("192.0.2.1", True, True), ("0.0.0.0", True, True), ("127.1", True, True), ("[::1]", True, True),
                ("[::]", True, True), ("[fe80::1%lo]", True, True), ("*", True, False), ("eth0.100", True, True),
                ("a-name.example", True, True), ("wire.rights-group.example", False, True), ("a" * 254, False, False),
                ("256.0.0.1", False, False), ("1.2.3.4.5", False, False), ("::1", False, False), ("[::1", False, False),
                ("[]", False, False), ("[zz::1]", False, False), ("a b", False, False), ("a/b", False, False)):
            for key, good in (("bind", bind), ("connect", connect)):
                status, said = self.check(json.dumps({"rules": [], "curve": curve,
                                                      "events": {key: [f"tcp://{host}:7301"]}}))
                self.assertEqual(status, 0 if good else 78, (host, key, said))

    def test_names_of_sockets(self):
        for bad in ("ipc://@", "ipc:///run/thaw/"):
            self.assertEqual(self.address(bad)[0], 78, bad)
        self.assertEqual(self.address("ipc://@x")[0], 0)
        with unittest.mock.patch.dict(os.environ, RUNTIME_DIRECTORY="/run/" + "x" * 100):
            status, said = self.address("ipc://$RUNTIME_DIRECTORY/events")
            self.assertEqual((status, "expected an ipc path of at most 107 bytes" in said), (78, True), said)
        status, said = self.address("ipc://" + self.d.folder)
        self.assertEqual((status, "is there and is no socket" in said), (78, True), said)

    def test_the_state_is_a_folder(self):
        for state, expected in (("checked.yaml", "expected a folder"), ("checked.yaml/state", "expected a folder"),
                                ("x" * 3001, "expected a path of at most 3000 bytes")):
            status, said = self.check(json.dumps({"rules": [], "state": state}))
            self.assertEqual((status, expected in said), (78, True), said)
        self.assertEqual(self.check(json.dumps({"rules": [], "state": "comes/with/systemd"}))[0], 0)

    def test_topics_that_nothing_has(self):
        for topic, good in (("", True), ("rel", True), ("release", True), ("release.", True), ("release.B", True),
                            ("release.BY", True), ("retraction.ZZ", True), ("foo", False), ("release.by", False),
                            ("release.BYX", False), ("releases", False), ("BY", False)):
            status, said = self.check(json.dumps({"rules": [], "events": {"topics": [topic]}}))
            self.assertEqual(status, 0 if good else 78, (topic, said))
            if not good:
                self.assertIn("expected the beginning of a topic as release.BY", said)

    def test_an_address_of_two(self):
        """libzmq takes what stands before ; as the address to connect from: only that would be loopback's."""
        status, said = self.address("tcp://127.0.0.1:0;192.0.2.1:7301", "connect")
        self.assertEqual(status, 78)
        self.assertIn("expected tcp://HOST:PORT", said)

    def test_keys_without_those_of_the_server(self):
        """Who lists clients means that others are kept out."""
        for more in ({"clients": ["keys"]}, {"upstream": "key"}):
            status, said = self.check(json.dumps({"rules": [], "curve": more}))
            self.assertEqual(status, 78)
            self.assertIn("without curve.server", said)

    def test_nothing_is_written_in_many_ways(self):
        for null in ("", "~", "null", "Null", "NULL"):
            status, said = self.check(f"rules: []\nstate: {null}\n")
            self.assertEqual((status, "found nothing, expected a single value" in said), (78, True), said)
            self.assertEqual(self.check(f"rules: {null}\nevents: {{topics: {null}, connect: {null}}}\n"), (0, ""), null)
        self.assertEqual(self.check('rules: []\nstate: "~"\n')[0], 0)

    def test_keys_are_nested(self):
        """Written with a dot, one would stand beside itself."""
        status, said = self.check("rules: []\nlimits.id: 3B\nlimits: {id: 4B}\n")
        self.assertEqual(status, 78)
        self.assertIn(':2:1: found "limits.id", expected', said)

    def test_what_stands_behind_a_nul(self):
        for text in ('rules: []\nstate: "a\\0b"\n', "rules: []\0\nbeat: x\n", 'rules: ["a\\0b"]\n'):
            status, said = self.check(text)
            self.assertEqual((status, "a NUL" in said), (78, True), (text, said))

    def test_bytes_that_are_no_text(self):
        """In a line that begins with % libfyaml went round for ever at one."""
        for text, place in (("%b\udce0\udc84", "1:3"), ("rules: []\n%b}\u00fcc:\udcdb]\n", "2:7"), ("# caf\udce9\n", "1:6")):
            self.assertEqual(self.check(text), (78, f"thawd: error: /checked.yaml:{place}: found a byte that is not UTF-8, "
                                                    "expected a text in UTF-8\n"))

    def test_bounds_are_told(self):
        for group, leaf, value, expected in (
                ("tolerance", "release", "0s", "a duration from 1s to 366d"),
                ("retain", "age", "1h", "a duration from 1d to forever"),
                ("limits", "message", "1B", "a size from 1KiB to 64MiB"),
                ("memory", "bytes", "0B", "a size from 1MiB to unlimited"),
                ("limits", "nesting", 2, "a number from 3 to 32"),
                ("memory", "reports", 0, "a number from 1 to unlimited")):
            status, said = self.check(json.dumps({"rules": [], group: {leaf: value}}))
            self.assertEqual(status, 78)
            self.assertTrue(said.endswith(f"expected {expected}\n"), said)


if __name__ == "__main__":
    harness.main()
