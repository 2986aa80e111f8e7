#!/usr/bin/python3
"""What is told truthfully of a course of sanctions ends in the measures of that course.

    truth.py --driver FACTS_DRIVER

A course is made up first: parties listed, licensed, removed and listed anew, under programs that end, are joined and take
another's place. Each step is told by one source of its day, and by others of a day, a month, a year or an approximate date
in which that day lies. The measures must be those of the course, without a rule of FACTS.md being known here.
"""

import argparse
import datetime as dt
import random

import driver

STANDING = ("in_force", "licensed", "suspended")
PROGRAMS = ("P", "Q", "R")
# (courses, how often a source tells the day, days from one step to the next)
WORLDS = ((700, 1.0, (2, 60)), (700, 0.5, (60, 400)), (700, 0.5, (10, 60)), (700, 0.2, (20, 120)))


def told(r, day, sharp):
    """The day as a source tells it."""
    if r.random() < sharp:
        return day.isoformat()
    near = day + dt.timedelta(days=r.randint(-13, 13))
    return r.choice([day.strftime("%Y-%m"), day.strftime("%Y-%m"), day.strftime("%Y"), near.strftime("%Y-%m") + "~",
                     near.isoformat() + "~", day.isoformat() + "T%02d:00:00Z" % r.randrange(24)])


class Party:
    def __init__(self):
        self.state, self.programs, self.ends = None, set(), None

    def become(self, state, ends=None):
        self.state, self.ends = state, ends
        if state not in STANDING:
            self.programs = set()

    def run_out(self, day):
        if self.state in ("licensed", "suspended") and self.ends and self.ends < day:
            self.become("in_force")


class Course:
    def __init__(self, seed, sharp, gap):
        r = self.random = random.Random(seed)
        self.sharp = sharp
        self.parties = {name: Party() for name in "ab"[:r.randint(1, 2)]}
        self.day = dt.date(2023, r.randint(1, 12), r.choice([1, 1, r.randint(2, 28)]))
        self.events = []
        for _ in range(r.randint(2, 7)):
            self.pass_to(self.day)
            self.end_of_program() if r.random() < 0.3 else self.step(r.choice(sorted(self.parties)))
            self.day += dt.timedelta(days=r.randint(*gap))
            if r.random() < 0.2:  # the first of a month, and of a year, is also its start
                self.day = (self.day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
        self.now = self.day + dt.timedelta(days=30)
        self.pass_to(self.now)
        r.shuffle(self.events)

    def pass_to(self, day):
        for party in self.parties.values():
            party.run_out(day)

    def end_of_program(self):
        listed = sorted({program for party in self.parties.values() for program in party.programs})
        if not listed:
            return
        program = self.random.choice(listed)
        for party in self.parties.values():
            if party.programs == {program}:
                party.become("lifted")
            party.programs.discard(program)
        self.tell("lifted", program=program)

    def step(self, name):
        r, party = self.random, self.parties[name]
        program = ends = None
        action = "imposed"
        if party.state in STANDING:
            action = r.choice(["licensed", "suspended", "delisted", "lifted", "amended", "maintained", "eased", "extended"]
                              + ["imposed"] * (party.state == "in_force"))
        if action == "imposed" or (action == "amended" and len(party.programs) == 1):
            program = r.choice(PROGRAMS)
            party.become("in_force") if action == "imposed" else party.programs.clear()
            party.programs.add(program)
        elif action in ("licensed", "suspended"):
            ends = self.day + dt.timedelta(days=r.randint(20, 200)) if r.random() < 0.6 else None
            party.become(action, ends)
        elif action in ("delisted", "lifted"):
            party.become(action)
        self.tell(action, targets=[{"name": name, "ids": ["x:" + name]}], program=program, ends=ends)

    def tell(self, action, targets=None, program=None, ends=None):
        r = self.random
        for n in range(r.randint(1, 3)):
            event = {"id": "%d" % len(self.events), "kind": "sanction", "country": "BY", "source": "s%d" % n, "authority": "US",
                     "action": action, "occurred_at": told(r, self.day, self.sharp) if n else self.day.isoformat(),
                     "reported_at": (self.day + dt.timedelta(days=r.randint(0, 20))).isoformat()}
            if targets:
                event["targets"] = targets
            if program:
                event["program"] = program
            if ends and (not n or r.random() < 0.6):
                event["expires_at"] = ends.isoformat()
            self.events.append(event)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    courses = [Course(seed, sharp, gap) for number, sharp, gap in WORLDS for seed in range(number)]
    cases = [{"case": n, "batches": [c.events], "now": c.now.isoformat()} for n, c in enumerate(courses)]
    for course, answer in zip(courses, driver.run(parser.parse_args().driver, cases)):
        states = {m["party"]: m["state"] for m in answer["facts"]["measure"] if "party" in m}
        truth = {name: party.state for name, party in course.parties.items() if party.state}
        assert states == truth, "%s, and not %s:\n%s" % (
            states, truth, "\n".join(map(str, sorted(course.events, key=lambda e: int(e["id"])))))
    print("%d courses" % len(courses))


if __name__ == "__main__":
    main()
