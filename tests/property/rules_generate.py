"""Random rules, and random times for the reports of generate.py, as functions of their seed.

A condition is drawn twice at once: as the text of the rule file, and as a Python function that says
what it means. The function is the model's; nothing of it is taken from the engine. A value is an
int, bool, str, list of str, or ERROR; times and durations are ints of nanoseconds.
"""

import random

import generate

NS = 10 ** 9
HOUR = 3600 * NS
DAY = 24 * HOUR
ERROR = object()

# Which fields conditions are drawn from: (name, type, values).
STATUS = ("status", "str", ["rumoured", "announced", "confirmed"])
COMMON = [("country", "str", ["BY", "IR"]), ("late", "bool", None), ("sources", "list", ["a", "b", "c"]),
          ("voices", "list", ["v", "w", "a"]), ("reports", "list", ["a/01", "b/02"])]
COUNTED = [("count", "int", [0, 1, 2, 3, 5, 10]), ("low", "int", [1, 3]), ("high", "int", [2, 5]),
           ("spread", "int", [0, 2]), ("disagrees", "bool", None), ("days_disagree", "bool", None),
           ("occurred_at", "time", ["2025-05-02", "2025-05-07", "2025-06-30"])]
PERSONS = ("persons", "list", ["p1", "p2", "P", "Q"])
FIELDS = {
    "release": COMMON + COUNTED + [STATUS, PERSONS, ("largest", "bool", None), ("forms", "list", ["pardon", "amnesty"]),
                                   ("destinations", "list", ["LT", "UA"])],
    "detention": COMMON + COUNTED + [STATUS, PERSONS, ("largest", "bool", None)],
    "sanction": COMMON + [STATUS, ("authority", "str", ["US", "EU"]), ("effect", "str", ["tightening", "relief", "removal"]),
                          ("action", "str", ["imposed", "eased", "licensed"]), ("announced", "bool", None), ("acted_at", "time", ["2025-05-09"]),
                          ("parties", "list", ["x1", "x2", "P"]), ("programs", "list", ["G", "H"]),
                          ("expires_at", "time", ["2025-12-31"])],
    "measure": COMMON + [("authority", "str", ["US", "EU"]), ("state", "str", ["in_force", "licensed", "delisted"]),
                         ("party", "str", ["P", "Q"]), ("program", "str", ["G"]), ("sector", "str", ["potash"]),
                         ("since", "time", ["2025-05-07"])],
    "talks": COMMON + [STATUS, ("stage", "str", ["reported", "promised"]), ("expected_count", "int", [3, 10]),
                       ("expected_by", "time", ["2025-05-07", "2025-06-30"]), ("parties", "list", ["US", "BY"])],
    "person": COMMON + [("status", "str", ["detained", "released", "re-detained"]), ("contradiction", "bool", None),
                        ("ids", "list", ["p1", "p2"]), ("releases", "int", [0, 1, 2]), ("person", "str", ["P", "Q"])],
    "tally": COMMON + [STATUS, ("of", "str", ["released", "detained"]), ("state", "str", ["agrees", "differs", "stale"]),
                       ("count", "int", [3, 10]), ("source", "str", ["a", "v"])],
    "feed": [("country", "str", ["BY", "IR"]), ("source", "str", ["a", "b"]), ("broken", "bool", None),
             ("holes", "int", [0, 1, 2]), ("silent_for", "silence", ["24h", "72h", "240h"])],
    "report": COMMON + [("kind", "str", ["release", "detention", "tally"]), STATUS,
               ("source", "str", ["a", "b"]), ("count", "int", [1, 3, 5]), ("form", "str", ["pardon"]),
               ("covers", "str", ["event", "part"]), ("persons", "list", ["p1", "P"])],
}
COUNT_FIELD = {"release": "count", "detention": "count", "sanction": "count", "talks": "expected_count", "tally": "count",
               "report": "count"}
AT = {"release": ["occurred_at", "first_reported_at", "last_reported_at"], "detention": ["occurred_at", "last_reported_at"],
      "sanction": ["occurred_at", "expires_at", "acted_at"], "measure": ["since", "expires_at"],
      "talks": ["occurred_at", "expected_by"], "person": ["since"], "tally": ["last_reported_at"], "feed": ["last_at"],
      "report": ["occurred_at", "occurred_at", "first_reported_at"]}
BY = {"country": "all", "id": "all", "status": "release detention sanction talks person tally report".split(),
      "authority": ["sanction", "measure"], "source": ["feed", "tally", "report"], "forms": ["release"],
      "persons": ["release", "detention", "report"], "sources": "release detention sanction measure talks person tally".split(),
      "disagrees": ["release", "detention"], "count": ["release", "detention", "tally", "report"],
      "party": ["measure"], "state": ["measure", "tally"], "effect": ["sanction"], "parties": ["sanction", "talks"],
      "stage": ["talks"], "person": ["person"], "ids": ["person"], "kind": ["report"], "late": ["release", "person"],
      "destinations": ["release"], "broken": ["feed"], "announced": ["sanction"], "of": ["tally"]}

LENGTHS = {"1h": HOUR, "36h": 36 * HOUR, "3d": 3 * DAY, "7d": 7 * DAY, "30d": 30 * DAY, "12w": 84 * DAY}


def day(text):
    """The start of a day in nanoseconds."""
    from datetime import datetime, timezone
    return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc).timestamp()) * NS


# ---- conditions: (text, function of an environment) --------------------------------------------


def both(text, *parts):
    """A function that fails where one of its parts fails: parts are functions, the last combines."""
    combine, arguments = parts[-1], parts[:-1]

    def evaluate(env):
        values = [part(env) for part in arguments]
        return ERROR if ERROR in [v for v in values if v is ERROR] else combine(*values)

    return text, evaluate


def field(name):
    return lambda env: env.get(name, ERROR)


def conjunction(a, b):
    def evaluate(env):
        x, y = a[1](env), b[1](env)
        return False if x is False or y is False else True if x is True and y is True else ERROR
    return f"({a[0]}) && ({b[0]})", evaluate


def disjunction(a, b):
    def evaluate(env):
        x, y = a[1](env), b[1](env)
        return True if x is True or y is True else False if x is False and y is False else ERROR
    return f"({a[0]}) || ({b[0]})", evaluate


def negation(a):
    def evaluate(env):
        x = a[1](env)
        return ERROR if x is ERROR else not x
    return f"!({a[0]})", evaluate


def choice(a, b, c):
    def evaluate(env):
        x = a[1](env)
        return ERROR if x is ERROR else (b if x else c)[1](env)
    return f"({a[0]}) ? ({b[0]}) : ({c[0]})", evaluate


def quoted(values):
    return "[" + ", ".join(f'"{v}"' for v in values) + "]"


def atom(r, name, kind, values):
    value = r.choice(values) if values else None
    some = r.sample(values, min(len(values), r.randint(1, 3))) if values else []
    get = field(name)
    if kind == "bool":
        return r.choice([both(name, get, lambda x: x), both(f"!{name}", get, lambda x: not x),
                         both(f"{name} == true", get, lambda x: x)])
    if kind == "str":
        return r.choice([
            both(f'{name} == "{value}"', get, lambda x: x == value),
            both(f'{name} == "{value}"', get, lambda x: x == value),
            both(f'"{value}" == {name}', get, lambda x: x == value),
            both(f'{name} != "{value}"', get, lambda x: x != value),
            both(f"{name} in {quoted(some)}", get, lambda x: x in some),
            both(f'{name}.startsWith("{value[0]}")', get, lambda x: x.startswith(value[0])),
            both(f'{name}.contains("e")', get, lambda x: "e" in x),
            both(f'{name} < "{value}"', get, lambda x: x < value),
            both(f"size({name}) > 3", get, lambda x: len(x) > 3)])
    if kind == "int":
        return r.choice([
            both(f"{name} >= {value}", get, lambda x: x >= value), both(f"{name} == {value}", get, lambda x: x == value),
            both(f"{name} != {value}", get, lambda x: x != value),
            both(f"{name} in {some}", get, lambda x: x in some),
            both(f"{name} * 2 - 1 < {value}", get, lambda x: x * 2 - 1 < value),
            both(f"{name} % 2 == 0", get, lambda x: x % 2 == 0),
            both(f"6 / {name} > 2", get, lambda x: 6 // x > 2 if x else ERROR)])
    if kind == "list":
        return r.choice([
            both(f'"{value}" in {name}', get, lambda x: value in x),
            both(f'{name}.exists(x, x == "{value}")', get, lambda x: value in x),
            both(f"{name}.exists(x, x in {quoted(some)})", get, lambda x: any(y in some for y in x)),
            both(f'{name}.all(x, x != "{value}")', get, lambda x: value not in x),
            both(f"size({name}) > 1", get, lambda x: len(x) > 1),
            both(f'{name}[0] == "{value}"', get, lambda x: x[0] == value if x else ERROR),
            both(f'{name}.exists_one(x, x.startsWith("{value[0]}"))', get,
                 lambda x: sum(y.startswith(value[0]) for y in x) == 1)])
    if kind == "time":
        at = day(value)
        return r.choice([both(f'{name} < timestamp("{value}T00:00:00Z")', get, lambda x: x < at),
                         both(f'{name} + duration("24h") >= timestamp("{value}T00:00:00Z")', get,
                              lambda x: x + DAY >= at)])
    length = int(value[:-1]) * HOUR
    return r.choice([both(f'{name} > duration("{value}")', get, lambda x: x > length),
                     both(f'{name} >= duration("{value}")', get, lambda x: x >= length),
                     both(f'{name} <= duration("{value}")', get, lambda x: x <= length)])


def condition(r, atoms, depth):
    drawn = r.random()
    if depth == 0 or drawn < 0.45:
        return atoms(r)
    if drawn < 0.7:
        return conjunction(condition(r, atoms, depth - 1), condition(r, atoms, depth - 1))
    if drawn < 0.88:
        return disjunction(condition(r, atoms, depth - 1), condition(r, atoms, depth - 1))
    if drawn < 0.95:
        return negation(condition(r, atoms, depth - 1))
    return choice(*(condition(r, atoms, depth - 1) for _ in range(3)))


# ---- selections --------------------------------------------------------------------------------


class Selection:
    def __init__(self, r, name, kind):
        self.name, self.kind = name, kind
        self.where = None
        if r.random() < 0.75:
            fields = FIELDS[kind]
            self.where = condition(r, lambda r: atom(r, *r.choice(fields)), 2)
        self.at = r.choice(AT[kind])
        self.within = self.before = self.ahead = None
        drawn = r.random()
        if drawn < 0.45:
            self.within = r.choice(list(LENGTHS))
        elif drawn < 0.6:
            self.before = r.choice(list(LENGTHS))
        elif drawn < 0.7:
            self.before, self.within = r.choice([("1h", "36h"), ("3d", "7d"), ("36h", "30d")])
        elif drawn < 0.8:
            self.ahead = r.choice(list(LENGTHS) + ["none"])

    def text(self):
        parts = [f"kind: {self.kind}"]
        if self.where:
            parts.append("where: '" + self.where[0].replace("'", "''") + "'")
        parts += [f"{key}: {value}" for key, value in
                  (("within", self.within), ("before", self.before), ("ahead", self.ahead)) if value]
        return "{" + ", ".join(parts) + f", at: {self.at}" + "}"

    def window(self, fact):
        """The instants [from, to) at which the fact is in the window; None: at none."""
        if not (self.within or self.before or self.ahead):
            return -10 ** 30, 10 ** 30
        at = fact.get(self.at)
        if at is None:
            return None
        if self.ahead:
            return (-10 ** 30 if self.ahead == "none" else at - LENGTHS[self.ahead]), at
        return (at + LENGTHS[self.before] if self.before else at), (at + LENGTHS[self.within] if self.within else 10 ** 30)

    def silences(self):
        """Silences at which the condition may change."""
        if self.kind != "feed" or not self.where:
            return []
        return [int(v[:-1]) * HOUR for v in ("24h", "72h", "240h") if f'"{v}"' in self.where[0]]


# ---- rules -------------------------------------------------------------------------------------

NUMBERS = ["count", "persons", "sources", "voices", "reports"]
SUMS = ["sum", "min", "max", "spread", "low", "high"]


def when_atom(selections):
    def draw(r):
        s = r.choice(selections)
        names = NUMBERS + (SUMS if s.kind in COUNT_FIELD else [])
        a, b = f"{s.name}.{r.choice(names)}", f"{s.name}.{r.choice(names)}"
        n = r.choice([0, 1, 1, 2, 3, 5, 10])
        t = r.choice(selections)
        first, last = f"{s.name}.first", f"{t.name}.last"
        return r.choice([
            both(f"{a} > {n}", field(a), lambda x: x > n), both(f"{a} > {n}", field(a), lambda x: x > n),
            both(f"{s.name}.count > 0", field(f"{s.name}.count"), lambda x: x > 0),
            both(f"{s.name}.count == 0", field(f"{s.name}.count"), lambda x: x == 0),
            both(f"{a} == {n}", field(a), lambda x: x == n),
            both(f"{a} <= {b} + {n}", field(a), field(b), lambda x, y: x <= y + n),
            both(f"{last} >= {first}", field(last), field(first), lambda x, y: x >= y),
            both(f'{last} - {first} < duration("48h")', field(last), field(first), lambda x, y: x - y < 48 * HOUR)])
    return draw


class Rule:
    def __init__(self, r, name, kinds):
        self.name = name
        self.selections = [Selection(r, "ab"[i], r.choice(kinds)) for i in range(r.choice([1, 1, 2]))]
        mine = {s.kind for s in self.selections}
        fields = [f for f, of in BY.items() if of == "all" or mine <= set(of)]
        self.by = r.choice([[], ["country"], ["country"], ["id"], r.sample(fields, min(len(fields), r.randint(1, 2)))])
        self.when = condition(r, when_atom(self.selections), 2)
        self.until = condition(r, when_atom(self.selections), 1) if r.random() < 0.2 else None
        self.for_ = r.choice([None, None, None, "1h", "3d"])
        self.keep_for = r.choice([None, None, None, "36h", "30d"])

    def text(self):
        lines = [f"  - rule: {self.name}", f"    by: [{', '.join(self.by)}]", "    select:"]
        lines += [f"      {s.name}: {s.text()}" for s in self.selections]
        lines.append("    when: '" + self.when[0].replace("'", "''") + "'")
        if self.until:
            lines.append("    until: '" + self.until[0].replace("'", "''") + "'")
        for key, value in (("for", self.for_), ("keep_for", self.keep_for)):
            if value:
                lines.append(f"    {key}: {value}")
        lines.append("    title: \"x\"")
        return "\n".join(lines) + "\n"


def rule_set(rules):
    return "rules:\n" + "".join(rule.text() for rule in rules)


# ---- cases -------------------------------------------------------------------------------------


def case(seed):
    """(rules, steps, until): steps are (instant, events)."""
    r = random.Random(seed * 7919 + 1)
    events = generate.case(seed)
    kinds = {e["kind"] for e in events if e["kind"] != "retraction"} or {"release"}
    kinds |= {"measure"} if "sanction" in kinds else set()
    kinds |= {"person"} if kinds & {"release", "detention"} else set()
    kinds |= {"feed", "report"}
    kinds = sorted(kinds) + sorted(kinds - {"feed", "report", "person"}) * 2
    rules = [Rule(r, f"r{i}", kinds) for i in range(r.randint(1, 4))]
    at = day(r.choice(["2025-05-01", "2025-05-03", "2025-05-03"])) + r.choice([0, 0, 7 * HOUR + 1])
    steps = []
    while events:
        count = r.choice([1, 1, 1, 2, 3])
        steps.append((at, events[:count]))
        events = events[count:]
        at += r.choice([0, HOUR, 6 * HOUR, DAY, DAY, 3 * DAY, 20 * DAY, 60 * DAY])
    return rules, steps, at + r.choice([0, DAY, 40 * DAY, 300 * DAY])
