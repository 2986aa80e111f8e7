"""A slow model of the rules: after each event every selection of every rule is worked out anew from
the facts, and from that the lives of the alerts, as RULES.md tells them.

It is told the facts at each instant at which they change, and which of the changes are corrections.
All else (windows, groups, aggregates, conditions, lives, what ends how) it works out by itself, at
each instant that can matter.
"""

from rules_generate import COUNT_FIELD, ERROR, LENGTHS

NONE, PENDING, FIRING, KEPT = "none", "pending", "firing", "kept"


def strings_of(value):
    return set(value) if isinstance(value, list) else {value} if value is not None else set()


def people(facts):
    """How many people they name: who shares an id is one."""
    groups = []
    for fact in facts:
        for person in map(set, fact["people"]):
            joined = [g for g in groups if g & person]
            groups = [g for g in groups if not g & person] + [person.union(*joined)]
    return len(groups)


def aggregates(selection, facts):
    """name -> value of one selection over its facts."""
    name, kind = selection.name, selection.kind
    out = {f"{name}.count": len(facts)}
    out[f"{name}.persons"] = people(facts)
    for each in ("sources", "voices", "reports"):
        out[f"{name}.{each}"] = len(set().union(*(strings_of(f.get(each)) for f in facts))) if facts else 0
    times = [f[selection.at] for f in facts if selection.at in f]
    out[f"{name}.first"] = min(times) if times else ERROR
    out[f"{name}.last"] = max(times) if times else ERROR
    field = COUNT_FIELD.get(kind)
    if field:
        counted = [f for f in facts if field in f]
        counts = [f[field] for f in counted]
        out[f"{name}.sum"] = sum(counts)
        out[f"{name}.min"], out[f"{name}.max"] = (min(counts), max(counts)) if counts else (0, 0)
        out[f"{name}.spread"] = out[f"{name}.max"] - out[f"{name}.min"]
        for side in ("low", "high"):
            out[f"{name}.{side}"] = sum(f.get(side, f[field]) for f in counted)
    return out


def holds(condition, env):
    return condition[1](env) is True


def fires(rule, env):
    """A group without any fact is not there, but for the one of `by: []`."""
    some = not rule.by or any(env[f"{s.name}.count"] for s in rule.selections)
    return some and holds(rule.when, env)


def groups_of(rule, fact):
    groups = [()]
    for field in rule.by:
        if field not in fact:
            return []
        values = fact[field] if isinstance(fact[field], list) else [fact[field]]
        groups = [g + (v,) for g in groups for v in values]
    return groups


def as_of(fact, now):
    """The fact as it reads at that instant: silence grows with the clock."""
    if fact["k"] == "feed":
        fact = {key: value for key, value in fact.items() if key != "silent_for"}
        if fact.get("last_at", now + 1) <= now:
            fact["silent_for"] = now - fact["last_at"]
    return fact


def reading(fact, at):
    """The fact, as the reports say now, at an instant that is past: what has run out since stands."""
    for end, before in fact.get("was", ()):
        if at < end:
            return before
    return fact


class Record:
    """What an alert stood on, at an instant, when so many reports were known."""

    def __init__(self, grounds, at, known):
        self.grounds, self.at, self.known, self.touched = grounds, at, known, False
        self.alert = None


class Life:
    def __init__(self):
        self.state, self.since, self.number = NONE, None, 0
        self.alert = self.basis = None
        self.records = []
        self.active = []  # (selection, handle) when last evaluated
        self.shown = None


class Alert:
    def __init__(self, id_, since):
        self.id, self.since, self.state = id_, since, "firing"


class Model:
    def __init__(self, rules):
        self.rules = rules
        self.facts = {}
        self.now = None
        self.lives = {}
        self.changes = []  # (at, id, state)
        self.cache = {}
        self.reports = []  # as they were taken in, each once
        self.known = 0  # how many there were at the instant before
        self.batch = False  # it is a batch that is evaluated: what was due at its instant has acted
        self.successors = {}  # handles of facts -> of those to which reports of them went at this instant
        self.then = {}  # how many were known -> the facts as these reports, and what took their place, say now

    # ---- selections ----------------------------------------------------------------------------

    def matches(self, rule, number, fact, now):
        """The groups in which the selection takes the fact, whatever the time."""
        s = rule.selections[number]
        if fact["k"] != s.kind:
            return []
        key = None if s.silences() else (rule.name, number, id(fact))
        if key is None or key not in self.cache:
            seen = as_of(fact, now)
            found = groups_of(rule, seen) if not s.where or holds(s.where, seen) else []
            if key is None:
                return found
            self.cache[key] = (found, fact)  # the fact is kept, so that its id stays its own
        return self.cache[key][0]

    def selected(self, rule, facts, now):
        """group -> for each selection the handles in it."""
        groups = {}
        for number, s in enumerate(rule.selections):
            for handle, fact in facts.items():
                window = s.window(fact)
                if not window or not window[0] <= now < window[1]:
                    continue
                for group in self.matches(rule, number, fact, now):
                    groups.setdefault(group, []).append((number, handle))
        return groups

    def environment(self, rule, facts, chosen, now):
        env = {}
        for number, s in enumerate(rule.selections):
            env.update(aggregates(s, [as_of(facts[h], now) for n, h in chosen if n == number]))
        return env

    # ---- lives ---------------------------------------------------------------------------------

    def tell(self, alert, state):
        alert.state = state
        self.changes.append((self.now, alert.id, state))

    def fire(self, rule, group, life, since):
        life.number += 1
        life.alert = Alert((rule.name, group, life.number), since)
        life.state = FIRING
        self.tell(life.alert, "firing")

    def record(self, life):
        """What it stood on the instant before, and the facts to which reports of it went just now."""
        grounds = [(n, to) for n, h in life.active for to in [h, *self.successors.get(h, ())]]
        return Record(grounds, self.now if self.batch else self.now - 1, self.known)

    def end(self, life, withdrawn):
        record = life.basis or self.record(life)
        record.alert, record.touched = life.alert, False
        if withdrawn:
            record.grounds = []
        life.records.append(record)
        life.basis = life.alert = None
        life.state = NONE
        self.tell(record.alert, "withdrawn" if withdrawn else "resolved")

    def ended(self, rule, life):
        if life.state == FIRING and rule.keep_for:
            life.state, life.since = KEPT, self.now
        if life.state == KEPT and self.now < life.since + LENGTHS[rule.keep_for]:
            return
        self.end(life, False)

    def same_but_id(self, rule, a, b):
        """A fact may bear another id than when it was recorded."""
        return all(x == y for field, x, y in zip(rule.by, a, b) if field != "id")

    def record_holds(self, rule, group, record):
        facts = self.then.get(record.known, {})
        then = {h: reading(facts[h], record.at) for _, h in record.grounds if h in facts}
        chosen = [one for other, those in self.selected(rule, then, record.at).items()
                  if self.same_but_id(rule, other, group) for one in those]
        return fires(rule, self.environment(rule, then, chosen, record.at))

    def evaluate_group(self, rule, group, chosen, news):
        """news: the environment of the world without the corrections, or None where there were none."""
        life = self.lives.setdefault((rule.name, group), Life())
        env = self.environment(rule, self.facts, chosen, self.now)
        when = fires(rule, env)
        until = bool(rule.until) and holds(rule.until, env)
        for_ns = LENGTHS[rule.for_] if rule.for_ else 0
        if life.state == NONE and when and not until:
            if for_ns:
                life.state, life.since = PENDING, self.now
            else:
                self.fire(rule, group, life, self.now)
        elif life.state == PENDING:
            if not when or until:
                life.state = NONE
            elif self.now >= life.since + for_ns:
                self.fire(rule, group, life, life.since)
        elif life.state in (FIRING, KEPT):
            self.evaluate_firing(rule, group, life, when, until, news)
        life.active = chosen
        # A kept alert goes on showing what it stood on, by the ids of then.
        if life.state == FIRING:
            life.shown = env, {self.facts[h]["id"] for _, h in chosen}

    def evaluate_firing(self, rule, group, life, when, until, news):
        if when and not until:
            life.basis, life.state = None, FIRING
            return
        if not when:
            if life.basis is None:
                if news is not None and fires(rule, news()):
                    return self.end(life, True)
                life.basis = self.record(life)
            elif life.basis.touched:
                life.basis.touched = False
                if not self.record_holds(rule, group, life.basis):
                    return self.end(life, True)
        if until:
            if life.state == FIRING and news is not None and not holds(rule.until, news()):
                return self.end(life, True)
            return self.ended(rule, life)
        if rule.until and life.state == FIRING:
            return None
        return self.ended(rule, life)

    def evaluate(self, news_facts=None, inherited=()):
        for rule in self.rules:
            groups = self.selected(rule, self.facts, self.now)
            known = {g for name, g in self.lives if name == rule.name}
            there = sorted(set(groups) | known | (set() if rule.by else {()}), key=repr)
            in_news = self.selected(rule, news_facts, self.now) if news_facts is not None else None
            for group in there:
                news = None
                if in_news is not None:
                    def news(rule=rule, group=group):
                        pasts = [group] + (inherited[rule.name, group] if (rule.name, group) in inherited else [])
                        return self.environment(rule, news_facts, [c for g in pasts for c in in_news.get(g, [])], self.now)
                self.evaluate_group(rule, group, groups.get(group, []), news)
        for (name, group), life in self.lives.items():
            rule = next(r for r in self.rules if r.name == name)
            for record in life.records:
                if record.touched and record.alert.state == "resolved" and not self.record_holds(rule, group, record):
                    self.tell(record.alert, "withdrawn")
                record.touched = False
            if life.basis:
                life.basis.touched = False

    # ---- time ----------------------------------------------------------------------------------

    def own_instants(self, before):
        """Where something may change by itself, after now and before that."""
        found = set()
        for rule in self.rules:
            for s in rule.selections:
                for fact in self.facts.values():
                    if fact["k"] != s.kind:
                        continue
                    found.update(s.window(fact) or ())
                    if "last_at" in fact:
                        found.update(fact["last_at"] + length + more for length in s.silences() + [0] for more in (0, 1))
        for (name, _), life in self.lives.items():
            rule = next(r for r in self.rules if r.name == name)
            if life.state == PENDING:
                found.add(life.since + LENGTHS[rule.for_])
            if life.state == KEPT:
                found.add(life.since + LENGTHS[rule.keep_for])
        return sorted(t for t in found if self.now is not None and self.now < t < before)

    def advance(self, at):
        """Lets what is due before `at` act, each at its own instant."""
        while True:
            instants = self.own_instants(at)
            if not instants:
                break
            self.now = instants[0]
            self.evaluate()
        self.now = at

    def take_in(self, events):
        for event in events:
            if all((event["source"], event["id"]) != (r["source"], r["id"]) for r in self.reports):
                self.reports.append(event)

    def before(self, number):
        """The number of the report that this one withdraws or replaces, if it is known."""
        report = self.reports[number - 1]
        id_ = report.get("retracts" if report["kind"] == "retraction" else "revises")
        return next((n for n, r in enumerate(self.reports, 1) if (r["source"], r["id"]) == (report["source"], id_)), None)

    def taken_back(self, number):
        """All that a report withdraws or replaces, by way of others too."""
        found = set()
        number = self.before(number)
        while number and number not in found:
            found.add(number)
            number = self.before(number)
        return found

    def concerns(self, causes, record):
        """Whether a correction takes back something that was known when the alert stood: causes
        of which that cannot be said may."""
        taken = [self.taken_back(number) for number in causes]
        return not all(taken) or not taken or min(set().union(*taken)) <= record.known

    def touch(self, changes):
        records = [r for life in self.lives.values() for r in life.records + ([life.basis] if life.basis else [])]
        for handle, type_, replaces, correction, causes, came in sorted(changes, key=lambda c: c[1] == 3):
            for record in records:
                handles = {h for _, h in record.grounds}
                if handles & {replaces, *came}:
                    record.grounds += [(n, handle) for n, h in record.grounds if h in {replaces, *came}]
                    record.touched = record.touched or correction
                if correction and handle in handles and (type_ == 3 or self.concerns(causes, record)):
                    record.touched = True

    # ---- facts that take the place of others ---------------------------------------------------

    def is_offered(self, rule, group, facts, handles=None):
        """A fact is in the group, in its window or before it."""
        for number, s in enumerate(rule.selections):
            for handle in facts if handles is None else handles & set(facts):
                window = s.window(facts[handle])
                if (window is None or self.now < window[1]) and group in self.matches(rule, number, facts[handle], self.now):
                    return True
        return False

    def heirs(self, old, new, changes):
        """(rule, group, the group that its alert goes over to): the fact has a new id."""
        for handle, type_, replaces, *_ in changes:
            if type_ == 3 or replaces not in old or handle not in new:
                continue
            for rule in self.rules:
                if "id" not in rule.by:
                    continue
                at = rule.by.index("id")
                for name, group in list(self.lives):
                    to = group[:at] + (new[handle]["id"],) + group[at + 1:] if name == rule.name else group
                    if to != group and self.is_offered(rule, group, old, {replaces}) and \
                            self.is_offered(rule, to, new, {handle}):
                        yield rule, group, to

    def inherit(self, old, changes):
        """Returns the groups whose past belongs to another: (rule, group) -> groups."""
        found = {}
        for rule, group, to in self.heirs(old, self.facts, changes):
            life, heir = self.lives[rule.name, group], self.lives.setdefault((rule.name, to), Life())
            if self.is_offered(rule, group, self.facts) or life.state == NONE or heir.state != NONE:
                continue
            for name in ("state", "since", "alert", "basis", "shown"):
                setattr(heir, name, getattr(life, name))
            heir.active = heir.active + life.active
            life.state, life.alert, life.basis, life.active = NONE, None, None, []
            found.setdefault((rule.name, to), []).append(group)
        return found

    def instant(self, at, facts, changes, batch, events=(), then=None):
        """Time has come to `at`, and the facts are these: with a batch after what was due at that
        instant has acted, else (a licence ran out) together with it."""
        if self.now is None:
            self.now = at
        self.advance(at)
        if batch:
            self.evaluate()
        self.take_in(events)
        self.then = {int(known): {f["h"]: f for f in those} for known, those in (then or {}).items()}
        new = {f["h"]: f for f in facts}
        for handle, fact in new.items():  # an unchanged fact stays the same object
            if self.facts.get(handle) == fact:
                new[handle] = self.facts[handle]
        corrected = {handle for handle, _, _, correction, *_ in changes if correction}
        news_facts = None
        if corrected:
            news_facts = {h: f for h, f in new.items() if h not in corrected}
            news_facts.update({h: f for h, f in self.facts.items() if h in corrected})
        old, self.facts = self.facts, new
        self.successors = {}
        for handle, _, replaces, _, _, came in changes:
            for of in {replaces, *came}:
                self.successors.setdefault(of, []).append(handle)
        self.touch(changes)
        self.batch = batch
        self.evaluate(news_facts, self.inherit(old, changes))
        self.batch = False
        self.known = len(self.reports)

    def active(self):
        """(rule, first group, number) -> (since, values of `when`, ids of the facts)."""
        out = {}
        for life in self.lives.values():
            if life.state in (FIRING, KEPT):
                values, ids = life.shown
                out[life.alert.id] = (life.alert.since, values, ids)
        return out
