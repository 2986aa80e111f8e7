"""libthaw's thaw_client: questions, refusals, answers that are late, foreign or none."""

import os
import signal
import subprocess
import unittest

import harness
from following import HERE, Watched
from harness import PATIENCE, pack, zmq

ASKER = os.path.join(HERE, "asker")


class Asker(Watched):
    def __init__(self, service, *server_key):
        super().__init__([ASKER, service, *server_key])

    def ask(self, verb, timeout_ms=int(PATIENCE * 1000)):
        before = len(self.lines)
        self.process.stdin.write(f"{verb} {timeout_ms}\n")
        self.process.stdin.flush()
        self.wait_for(lambda a: len(a.lines) > before, f"what became of '{verb}'")
        return self.lines[before]


class Asking(unittest.TestCase):
    def test_answers(self):
        with harness.Daemon() as d, Asker(d.address("service")) as a:
            self.assertRegex(a.ask("status"), "^ok [0-9]+$")
            self.assertIn("unknown-verb", a.ask("thaw"))
            self.assertRegex(a.ask("explain"), "^invalid .")
            self.assertEqual(a.ask(""), "EINVAL")
            self.assertRegex(a.ask("rules", -1), "^ok [0-9]+$")

    def test_an_answer_that_came_too_late_is_not_that_of_the_next_question(self):
        with harness.Daemon() as d, Asker(d.address("service")) as a:
            self.assertRegex(a.ask("status"), "^ok ")
            d.send_signal(signal.SIGSTOP)
            self.assertEqual(a.ask("thaw", 50), "ETIMEDOUT")
            d.send_signal(signal.SIGCONT)
            self.assertRegex(a.ask("status"), "^ok ")

    def test_nobody_there(self):
        with harness.Daemon(start=False) as d, Asker(d.address("service")) as a:
            self.assertEqual(a.ask("status", 0), "ETIMEDOUT")
            self.assertEqual(a.ask("status", 50), "ETIMEDOUT")
            d.start()
            self.assertRegex(a.ask("status"), "^ok ")

    def test_what_is_no_answer_is_passed_over(self):
        with zmq.Context() as context, context.socket(zmq.ROUTER) as server:
            port = server.bind_to_random_port("tcp://127.0.0.1")
            with Asker(f"tcp://127.0.0.1:{port}") as a:
                a.process.stdin.write("status 20000\n")
                a.process.stdin.flush()
                peer, verb, number, body = harness.receive(server)
                self.assertEqual((verb, body), (b"status", pack({})))
                later = number[:8] + (int.from_bytes(number[8:], "little") + 1).to_bytes(8, "little")
                for frames in ([b""], [b"OK"], [b"OK", number], [b"NO", number, pack({})], [b"OK", b"", pack({})],
                               [b"OK", number[::-1], pack({})], [b"OK", later, pack({})],
                               [b"OK", number, pack({}), b""], [b"OK", number + b"x", pack({})]):
                    server.send_multipart([peer, *frames])
                server.send_multipart([peer, b"ERR", number, pack({"code": "of-tomorrow", "message": "not yet"})])
                a.wait_for(lambda one: one.lines, "its answer")
                self.assertEqual(a.lines, ["invalid not yet"])  # a refusal: asking again leads to the same

    def test_a_refusal_that_cannot_be_read_is_one_all_the_same(self):
        with zmq.Context() as context, context.socket(zmq.ROUTER) as server:
            port = server.bind_to_random_port("tcp://127.0.0.1")
            with Asker(f"tcp://127.0.0.1:{port}") as a:
                for body, said in ((pack({"more": [None], "message": None, "code": "gone"}), "gone "),
                                   (pack({"message": "no code"}), "unavailable "), (pack({"code": "ok"}), "invalid "),
                                   (pack([1]), "unavailable "), (b"\xc1", "unavailable "), (b"", "unavailable ")):
                    before = len(a.lines)
                    a.process.stdin.write("status 20000\n")
                    a.process.stdin.flush()
                    peer, _, number, _ = harness.receive(server)
                    server.send_multipart([peer, b"ERR", number, body])
                    a.wait_for(lambda one, before=before: len(one.lines) > before, "its answer")
                    self.assertEqual(a.lines[before:], [said])

    def test_no_endpoint(self):
        for words in (["nowhere"], ["tcp://127.0.0.1:1", "no key"]):
            done = subprocess.run([ASKER, *words], capture_output=True, text=True, check=False, timeout=PATIENCE)
            self.assertEqual((done.returncode, done.stdout), (1, "EINVAL\n"), words)


if __name__ == "__main__":
    harness.main()
