"""The facts driver (tests/property/facts_driver.c) for tests: one case in, its facts and answers out."""

import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def run(driver, cases):
    """The driver's answers to cases, in order."""
    given = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([driver], input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit("the driver ended with %d: %s" % (done.returncode, done.stderr[-2000:]))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for answer in answers:
        if answer["problems"]:
            raise SystemExit("case %s: %s" % (answer["case"], answer["problems"][:5]))
    return answers


def belarus():
    """The reports of the demo as events, in file order."""
    converter = os.path.join(ROOT, "clients", "demo", "convert.py")
    done = subprocess.run(["python3", converter], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
