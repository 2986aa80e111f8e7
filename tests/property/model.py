#!/usr/bin/python3
"""The slow, obvious model of the facts: FACTS.md sentence by sentence.

facts(events, now) takes reports as dicts with the protocol's keys (JSON form) and gives a dict of
lists of facts, each a dict of fields. Nothing here is fast or clever, and nothing is shared with
the engine: where the two differ, one of them misreads FACTS.md.

Instants are nanoseconds since 1970. Fields that a fact does not have are left out.
"""

import calendar
import datetime
import re

SECOND = 10**9
HOUR = 3600 * SECOND
DAY = 24 * HOUR

TOLERANCE = {"release": 36 * HOUR, "detention": 36 * HOUR, "talks": 36 * HOUR, "sanction": 7 * DAY}
STATUS = {"rumoured": 1, "announced": 2, "confirmed": 3}
STATUS_NAME = {rank: name for name, rank in STATUS.items()}
EFFECT = {
    "proposed": "tightening", "imposed": "tightening", "extended": "tightening",
    "amended": "tightening", "reimposed": "tightening",
    "eased": "relief", "licensed": "relief", "suspended": "relief",
    "lifted": "removal", "delisted": "removal",
    "maintained": "none",
}
EFFECT_ORDER = {"removal": 0, "tightening": 1, "relief": 2, "none": 3}
ACTION_ORDER = ["proposed", "imposed", "extended", "amended", "reimposed", "eased", "licensed", "suspended", "lifted",
                "delisted", "maintained"]
ACTS = {
    "tightening": {"imposed", "extended", "amended", "reimposed"},
    "relief": {"licensed", "suspended", "lifted", "delisted"},
}
NEVER = float("inf")

# ---- dates ---------------------------------------------------------------------------------


def _day_ns(year, month, day):
    return calendar.timegm((year, month, day, 0, 0, 0)) * SECOND


def _month_ns(year, month):
    """Start of a month; months beyond 1..12 run into other years."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return _day_ns(year, month, 1)


def interval(date):
    """[start, end) of a time or date as stated; None where it is absent."""
    if date is None:
        return None
    if isinstance(date, (int, float)):
        at = round(date * SECOND) if isinstance(date, float) else date * SECOND
        return (at, at + 1)
    approximate = date.endswith("~")
    text = date.rstrip("~")
    wide = 1 if approximate else 0
    if re.fullmatch(r"\d{4}", text):
        year = int(text)
        return (_day_ns(year - wide, 1, 1), _day_ns(year + 1 + wide, 1, 1))
    if re.fullmatch(r"\d{4}-\d{2}", text):
        year, month = int(text[:4]), int(text[5:])
        return (_month_ns(year, month - wide), _month_ns(year, month + 1 + wide))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        at = _day_ns(int(text[:4]), int(text[5:7]), int(text[8:]))
        return (at - 14 * DAY * wide, at + DAY + 14 * DAY * wide)
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})", text)
    if not found:
        raise ValueError("not a time or date: %r" % date)
    moment = datetime.datetime.fromisoformat(found[1] + "T" + found[2])
    at = calendar.timegm(moment.timetuple()) * SECOND
    if found[3]:
        at += int((found[3] + "0" * 9)[:9])
    if found[4] not in "Zz":
        sign = 1 if found[4][0] == "+" else -1
        at -= sign * (int(found[4][1:3]) * 3600 + int(found[4][4:]) * 60) * SECOND
    return (at, at + 1)


def overlap(one, other):
    return one[0] < other[1] and other[0] < one[1]


def ends_at(date):
    """The instant at which something that lasts until `date` ends: a date ends with its day."""
    start, end = interval(date)
    return start if end == start + 1 else end


# ---- reports -------------------------------------------------------------------------------


class Report:
    def __init__(self, event):
        self.event = event
        self.kind = event["kind"]
        self.country = event["country"]
        self.source = event["source"]
        self.id = event["id"]
        self.name = (self.source.encode(), self.id.encode())
        self.voice = event.get("attributed_to", self.source)
        stated = event.get("occurred_at") if self.kind not in ("feed", "retraction") else None
        self.date = interval(stated if stated is not None else event.get("reported_at"))
        self.states_date = stated is not None
        if stated is None:
            stated = event.get("reported_at")
        # in the life of a person, and as a step of a measure (to its end where it is vague): from where it is stated
        self.start = interval(stated.rstrip("~") if isinstance(stated, str) else stated)[0] if self.date else None
        self.vague_until = self.date[1] if self.date and self.date[1] - self.start > DAY else None
        reported = interval(event.get("reported_at"))
        self.reported = reported[0] if reported else None
        self.status = 0 if self.kind in ("feed", "retraction") else STATUS[event.get("status", "announced")]
        self.count = event.get("count")
        self.count_is = event.get("count_is", "exact")
        self.covers = event.get("covers", "event") if self.kind in ("release", "detention") else "event"
        self.wider = self.covers == "wider"
        self.part = event.get("part") if self.covers == "part" else None
        self.persons = [(p.get("name"), frozenset(p.get("ids", []))) for p in event.get("persons", [])]
        self.targets = [target_of(p) for p in event.get("targets", [])]
        self.incident = event.get("incident")
        self.form = event.get("form")
        self.action = event.get("action")
        self.effect = EFFECT.get(self.action)
        self.authority = event.get("authority")
        self.program = event.get("program")
        self.sectors = split_sectors(event.get("sector"))

    def get(self, key):
        return self.event.get(key)

    def named(self):
        """How many persons (of a sanction: targets) the report names: what shares an id is one."""
        if self.kind == "sanction":
            return len(party_classes([self]))
        return len(classes(self.persons, lambda one, other: bool(one[1] & other[1])))

    def ids(self):
        return set().union(*(ids for _, ids in self.persons)) if self.persons else set()

    def names(self):
        return {name for name, _ in self.persons if name is not None}

    def same_names(self, other):
        """Whether both name all their persons, and the same ones."""
        every = all(name is not None for name, _ in self.persons + other.persons)
        return bool(self.persons) and every and self.names() == other.names()

    def on_named_people(self):
        return not self.wider and self.count is not None and self.persons and self.count == self.named()

    def slash(self):
        return self.source + "/" + self.id


class Sector(tuple):
    """A target that is a sector: (name, ids), as other targets are, and equal to none of those."""

    def __eq__(self, other):
        return isinstance(other, Sector) and tuple.__eq__(self, other)

    def __ne__(self, other):
        return not self == other

    __hash__ = tuple.__hash__

    def __eq__(self, other):
        return isinstance(other, Sector) and tuple.__eq__(self, other)

    def __ne__(self, other):
        return not self == other

    __hash__ = tuple.__hash__


def target_of(p):
    target = (p.get("name"), frozenset(p.get("ids", [])))
    return Sector(target) if p.get("type") == "sector" and "name" in p else target


def is_sector(target):
    return isinstance(target, Sector)


def split_sectors(text):
    return [piece for piece in (piece.strip() for piece in text.split(",")) if piece] if text else []


def later(report):
    """Sort key: of two reports the later one has the greater."""
    return (-NEVER if report.reported is None else report.reported, report.status, report.name)


def earlier(report):
    """Sort key: the first reported has the least."""
    return (NEVER if report.reported is None else report.reported, report.name)


def living(reports):
    known = {report.name: report for report in reports}
    dead = set()
    for report in reports:
        wanted = report.get("retracts") if report.kind == "retraction" else report.get("revises")
        if wanted is None:
            continue
        target = known.get((report.source.encode(), wanted.encode()))
        if target is None or target is report:
            continue
        if report.kind == "retraction" and target.kind == "retraction":
            continue
        dead.add(target.name)
    return [report for report in reports if report.name not in dead and report.kind != "retraction"]


def classes(items, together):
    """Classes of the smallest equivalence that holds `together`, by repeated merging."""
    parts = [[item] for item in items]
    merged = True
    while merged:
        merged = False
        for i in range(len(parts)):
            for j in range(i + 1, len(parts)):
                if any(together(a, b) for a in parts[i] for b in parts[j]):
                    parts[i] += parts.pop(j)
                    merged = True
                    break
            if merged:
                break
    return parts


# ---- section 2: groups and incidents ---------------------------------------------------------


def key_of(report):
    if report.kind == "release":
        return ("release", report.country, "served" if report.form == "sentence_served" else "grace")
    if report.kind == "detention":
        return ("detention", report.country)
    if report.kind == "talks":
        return ("talks", report.country, report.get("stage"))
    return ("sanction", report.country, report.authority, report.effect)


def same_people(one, other, alive):
    """Rule 2 for two dated reports on named people."""
    if not (one.on_named_people() and other.on_named_people() and one.date and other.date):
        return False
    first, last = sorted((one.date[0], other.date[0]))
    if last - first > 60 * DAY:
        return False
    between = []
    if first != last:
        opposite = {"release": "detention", "detention": "release"}.get(one.kind)
        between = [r for r in alive if r.kind == opposite and r.country == one.country and r.date
                   and first <= r.date[0] <= last]
    def borne_with(shared, r):
        """The ids of the one who bears this one, as others on people give them near the report in time."""
        near = [o for o in alive if o.kind in ("release", "detention") and o.country == one.country and o.date
                and abs(o.date[0] - r.date[0]) <= 60 * DAY]
        return {shared}.union(*(ids for o in near for _, ids in o.persons if shared in ids))

    for shared in one.ids() & other.ids():
        if not any(borne_with(shared, r) & r.ids() for r in between):
            return True
    if not one.same_names(other):
        return False
    # Who bears the ids that any report on these names gives them, near it in time, is one of them, however spelled.
    named = [r for r in alive if r.date and r.on_named_people() and key_of(r) == key_of(one) and r.same_names(one)]

    def names_them(r):
        ids = {i for other in named if abs(other.date[0] - r.date[0]) <= 60 * DAY for i in other.ids()}
        return one.names() & r.names() or ids & r.ids()
    return not any(names_them(r) for r in between)


def undated_goes_with(report, reports):
    """The dated report with which an undated one on named people goes, or None."""
    if not report.on_named_people() or report.date:
        return None
    fits = [r for r in reports if r.date and r.on_named_people()
            and (report.ids() & r.ids() or report.same_names(r))]
    return min(fits, key=lambda r: (r.date[0], r.name)) if fits else None


def groups_of(reports, alive):
    companion = {r.name: undated_goes_with(r, reports) for r in reports}

    def together(one, other):
        if one.incident is not None and one.incident == other.incident:
            if one.source == other.source or one.incident.startswith("shared:"):
                return True
        if companion[one.name] is other or companion[other.name] is one:
            return True
        return same_people(one, other, alive)

    return [Group(members) for members in classes(reports, together)]


def dates_given(reports):
    """(voice, date), each once: what a voice states, and where it states none when it said so."""
    dated = [r for r in reports if r.date]
    stating = {r.voice for r in dated if r.states_date}
    return {(r.voice, r.date) for r in dated if r.states_date or r.voice not in stating}


def date_of(reports):
    """Date of a set of reports; None where there is none."""
    given = [date for _, date in dates_given(reports)]
    if not given:
        return None
    return min(given, key=lambda date: (-given.count(date), date[1] - date[0], date[0]))


class Group:
    def __init__(self, reports):
        self.reports = sorted(reports, key=lambda r: r.name)
        self.wider = all(r.wider for r in reports)
        dating = [r for r in self.reports if self.wider or not r.wider]
        self.date = date_of(dating)
        self.order = None
        if self.date:
            representative = min(r.name for r in dating if r.date == self.date)
            self.order = (self.date[0], representative)
        self.naming = {r.source for r in self.reports if r.incident is not None}

    def sharp(self, tolerance):
        return self.date[1] - self.date[0] <= tolerance


class Incident:
    def __init__(self, key):
        self.key = key
        self.kind = key[0]
        self.country = key[1]
        self.sharp = []
        self.vague = []
        self.undated = []
        self.wider = []

    def opened(self):
        return self.sharp[0].date[0]

    def span(self):
        return (min(g.date[0] for g in self.sharp), max(g.date[1] for g in self.sharp))

    def naming(self):
        return set().union(*(g.naming for g in self.sharp + self.vague))

    def everything(self):
        return [r for g in self.sharp + self.vague + self.undated + self.wider for r in g.reports]

    def reports(self):
        return [r for r in self.everything() if not r.wider]

    def sharp_reports(self):
        return [r for g in self.sharp for r in g.reports if not r.wider]


def agrees(group, incident, context):
    own = count_of([r for r in group.reports if not r.wider], context)
    if own.count is None:
        return True
    theirs = count_of(incident.sharp_reports(), context).count
    if theirs is None:
        return False
    if own.winner is not None:
        return own.winner == theirs
    return own.count <= theirs


def incidents_of_key(key, reports, context):
    tolerance = TOLERANCE[key[0]]
    groups = groups_of(reports, context.alive)
    narrow = [g for g in groups if not g.wider]
    dated = sorted((g for g in narrow if g.date), key=lambda g: g.order)

    sharp = []
    for group in (g for g in dated if g.sharp(tolerance)):
        last = sharp[-1] if sharp else None
        if last and group.date[0] - last.opened() < tolerance and not (group.naming & last.naming()):
            last.sharp.append(group)
        else:
            sharp.append(Incident(key))
            sharp[-1].sharp.append(group)

    vague = []
    for group in (g for g in dated if not g.sharp(tolerance)):
        own = count_of([r for r in group.reports if not r.wider], context).count
        fits = [i for i in sharp if overlap(i.span(), group.date) and not (i.naming() & group.naming)
                and agrees(group, i, context)]
        fits = fits or [i for i in vague if overlap(i.vague[0].date, group.date)
                        and count_of([r for r in i.vague[0].reports if not r.wider], context).count == own
                        and not (i.naming() & group.naming)]
        if not fits:
            fits = [Incident(key)]
            vague.append(fits[0])
        fits[0].vague.append(group)

    undated = []
    for group in (g for g in narrow if not g.date):
        undated.append(Incident(key))
        undated[-1].undated.append(group)

    for group in (g for g in groups if g.wider and g.date):
        if group.sharp(tolerance):
            before = [i for i in sharp if i.opened() <= group.date[0]][-1:]
            fits = [i for i in before if group.date[0] - i.opened() < tolerance]
        else:
            fits = [i for i in sharp if overlap(i.span(), group.date)][:1]
        for incident in fits:
            incident.wider.append(group)
    return sharp + vague + undated


# ---- section 3: counts -----------------------------------------------------------------------


class Count:
    def __init__(self):
        self.winner = self.count = self.low = self.high = None
        self.disagrees = False
        self.parts = {}


def winner_of(votes):
    if not votes:
        return None
    best = max(v.status for v in votes)
    votes = [v for v in votes if v.status == best]
    return min((v.count for v in votes),
               key=lambda n: (-sum(v.count == n for v in votes),
                              min(earlier(v) for v in votes if v.count == n)))


def bare_names_known(reports):
    """The names told without ids that a target with ids bears as well: nobody new."""
    named = [target for r in reports for target in r.targets if target[0] is not None and not is_sector(target)]
    return {name for name, ids in named if not ids} & {name for name, ids in named if ids}


def gives_a_number(reports):
    """Whether what is no rumour names people or, being the vote of its voice, counts them."""
    if any(r.named() and r.status > STATUS["rumoured"] for r in reports):
        return True
    stands = {}
    for report in sorted((r for r in reports if r.count is not None), key=later):
        counts_named = report.named() != 0 and report.count == report.named()
        about = (report.voice, report.covers, report.part if report.covers == "part" else None)
        if about not in stands or not counts_named or stands[about][0]:
            stands[about] = (counts_named, report)
    return any(report.status > STATUS["rumoured"] for _, report in stands.values())


def count_of(reports, context, part=None):
    """The count of a set of reports none of which is wider; of one part of it with `part`. Rumoured votes decide and
    raise nothing where anything else gives a number; who names people, and what parts come to, always raises."""
    result = Count()
    if part is None:
        speaking = [r for r in reports if r.covers == "event"]
    else:
        speaking = [r for r in reports if r.covers == "part" and r.part == part]

    counting = [r for r in speaking if r.count is not None]
    others = [r for r in counting if not (r.named() != 0 and r.count == r.named())]
    most = max((r.count for r in counting), default=0)
    votes = {}
    for report in sorted(others or [r for r in counting if r.count == most], key=later):
        votes[report.voice] = report
    votes = list(votes.values())

    sure = gives_a_number(speaking if part is not None else reports)
    deciding = [v for v in votes if v.status > STATUS["rumoured"] or not sure]
    exact = [v for v in votes if v.count_is == "exact"]
    result.winner = winner_of([v for v in deciding if v.count_is == "exact"] or
                              [v for v in deciding if v.count_is == "about"])

    bounds = [v.count for v in deciding if v.count_is == "at_least"]
    if any(r.kind == "sanction" for r in reports):
        parties = set().union(*(context.parties_of(r) for r in reports))
        if parties:
            bounds.append(len(parties) - len(bare_names_known(reports)))
    else:
        bounds += [r.named() for r in speaking if r.persons]
    if part is None:
        dimensions = {}
        for text in {r.part for r in reports if r.covers == "part"}:
            result.parts[text] = count_of(reports, context, text)
            if result.parts[text].count is not None:
                dimensions.setdefault(text.split("=", 1)[0], []).append(result.parts[text].count)
        bounds += [sum(counts) for counts in dimensions.values()]

    known = bounds + ([result.winner] if result.winner is not None else [])
    if known:
        result.count = max(known)
        said = [v.count for v in exact if v in others]
        if not any(v in deciding for v in exact):  # a rumour reaches from what is known
            said.append(result.count)
        result.low = min(said, default=result.count)
        result.high = max(said, default=result.count)
        result.disagrees = result.low != result.high
    result.disagrees = result.disagrees or any(p.low != p.high for p in result.parts.values())
    return result


# ---- fields of incidents -----------------------------------------------------------------------


def put(fact, **fields):
    for name, value in fields.items():
        if value is not None:
            fact[name] = value


def unique(values):
    return sorted({v for v in values if v is not None}, key=lambda v: v.encode())


def words(parties):
    """Every id and every printed name of persons or targets."""
    return unique([name for name, _ in parties] + [i for _, ids in parties for i in ids])


def common_fields(fact, reports, everything=None):
    reported = [r.reported for r in reports if r.reported is not None]
    put(fact,
        first_reported_at=min(reported, default=None), last_reported_at=max(reported, default=None),
        sources=unique(r.source for r in everything or reports), voices=unique(r.voice for r in reports),
        reports=unique(r.slash() for r in everything or reports))


def incident_fact(incident, context):
    reports = incident.reports()
    date = date_of(reports)
    fact = {"kind": incident.kind, "country": incident.country}
    common_fields(fact, reports, incident.everything())
    first = fact.get("first_reported_at")
    own = {}
    for voice, given in sorted(dates_given(reports), key=lambda pair: (pair[1][1] - pair[1][0], pair[1][0])):
        own.setdefault(voice, given)
    given = own.values()
    put(fact, status=STATUS_NAME[max(r.status for r in reports)],
        occurred_at=date[0] if date else None,
        late=bool(date and first is not None and first > date[1] + 30 * DAY),
        days_disagree=any(not overlap(a, b) for a in given for b in given))
    if incident.kind != "talks":
        count = count_of(reports, context)
        put(fact, count=count.count, low=count.low, high=count.high, disagrees=count.disagrees,
            spread=None if count.low is None else count.high - count.low)
    if incident.kind != "sanction":
        put(fact, persons=words([p for r in reports for p in r.persons]))
    if incident.kind in ("release", "detention"):
        put(fact, forms=unique(r.form for r in reports),
            destinations=unique(r.get("destination") for r in reports))
    elif incident.kind == "sanction":
        sanction_fields(fact, incident, reports, date, context)
    else:
        put(fact, stage=incident.key[2], parties=unique(p for r in reports for p in r.get("parties") or []),
            expected_count=of_latest(reports, "expected_count"),
            expected_by=last_day_of(of_latest(reports, "expected_by")))
    incident.fact, incident.date = fact, date
    return fact


def of_latest(reports, key):
    stating = [r for r in reports if r.get(key) is not None]
    stating = [r for r in stating if r.status > STATUS["rumoured"]] or stating
    return max(stating, key=later).get(key) if stating else None


def start_of(date):
    return None if date is None else interval(date)[0]


def last_day_of(date):
    """The start of the last day of a date; an instant itself."""
    if date is None:
        return None
    start, end = interval(date)
    return start if end == start + 1 else end - DAY


def sanction_fields(fact, incident, reports, date, context):
    announces = any(r.action in ("proposed", "eased") for r in reports)
    announcement = announces and not any(is_act(r) for r in reports)
    acted = acted_at(reports, date, context) if announcement else first_act(reports, date) if announces else None
    put(fact, authority=incident.key[2], effect=incident.key[3], action=max(reports, key=later).action,
        acted_at=acted, announced=announcement and acted is None,
        programs=unique(r.program for r in reports), sectors=unique(s for r in reports for s in r.sectors),
        parties=words([t for r in reports for t in r.targets]),
        expires_at=last_day_of(of_latest(reports, "expires_at")))


def is_act(report):
    return report.action not in ("proposed", "eased", "maintained") and report.status > STATUS["rumoured"]


def first_act(step, date):
    """The act in a step that announces too; none is before the step itself."""
    acts = [r.date[0] for r in step if is_act(r) and r.date]
    return max(min(acts), date[0]) if acts else None


def acted_at(step, date, context):
    if date is None:
        return None
    acts = [r for r in context.alive if r.kind == "sanction" and r.country == step[0].country
            and r.authority == step[0].authority and r.action in ACTS[step[0].effect]
            and is_act(r) and r.date and r.date[0] >= date[0] and same_object(step, r, context)]
    return min((r.date[0] for r in acts), default=None)


def sectors_named(report):
    return set(report.sectors) | {name for name, _ in filter(is_sector, report.targets)}


def same_object(step, act, context):
    targets = set().union(*(context.parties_of(r) for r in step))
    if targets & context.parties_of(act):
        return True
    if all(any(not is_sector(t) for r in reports for t in r.targets) for reports in (step, [act])):
        return False
    sectors = set().union(*(sectors_named(r) for r in step))
    if sectors and sectors_named(act):
        return bool(sectors & sectors_named(act))
    return act.program is not None and act.program in {r.program for r in step}


def mark_largest(incidents):
    """largest: it has a count and a date, and every other one dated earlier has less or none."""
    for one in incidents:
        mine = one.fact.get("count")
        before = [other.fact.get("count") for other in incidents
                  if other is not one and other.kind == one.kind and other.country == one.country
                  and one.date and other.date and other.date[0] < one.date[0]]
        if one.kind in ("release", "detention"):
            one.fact["largest"] = mine is not None and one.date is not None and all(n is None or n < mine for n in before)


# ---- section 4: persons ------------------------------------------------------------------------


def persons_of(country, context):
    mentions = [(r, person) for r in context.alive if r.country == country for person in r.persons]
    people = classes(mentions, lambda a, b: bool(a[1][1] & b[1][1]))
    return [person_fact(country, sorted(own, key=mentions.index), context) for own in people]


def deports(report):
    destination = report.get("destination")
    return report.form == "deportation" or (destination or report.country).strip(" ").upper() != report.country


def entries_of(reports):
    """The reports that make a person's history."""
    return [r for r in reports if r.date and not r.wider and r.status > STATUS["rumoured"]
            and (r.kind in ("release", "detention") or (r.kind == "tally" and r.get("of") == "detained"))]


def rows_of(entries):
    """Rows of entries that all free or all hold, in order: [(free or not, start, entries)]."""
    rows = []
    for start in sorted({r.start for r in entries}):
        free = [r for r in entries if r.start == start and r.kind == "release"]
        held = [r for r in entries if r.start == start and r.kind != "release"]
        freed = len({r.voice for r in free}) > len({r.voice for r in held})
        if not rows or rows[-1][0] != freed:
            rows.append((freed, start, []))
        rows[-1][2].extend(free if freed else held)
    return rows


def status_of(rows):
    freed, _, entries = rows[-1]
    if freed:
        return "deported" if any(deports(r) for r in entries) else "released"
    again = len(rows) > 1 and any(r.kind == "detention" for r in entries)
    return "re-detained" if again else "detained"


def contradicts(entries):
    releases = [r for r in entries if r.kind == "release"]
    detentions = [r for r in entries if r.kind == "detention"]
    if releases and detentions:
        last_release = max(r.start for r in releases)
        last_detention = max(r.start for r in detentions)
        if any(overlap(a.date, b.date) for a in releases for b in detentions
               if a.start == last_release and b.start == last_detention):
            return True
    last_release = max((r.start for r in releases), default=NEVER)
    return any(tally.start >= last_release
               and not any(last_release <= d.start <= tally.start for d in detentions)
               for tally in entries if tally.kind == "tally")


def printed(mentions):
    """The name to print: that of the earliest-dated report (undated first) that has one, else an id."""
    order = sorted(mentions, key=lambda m: (m[0].date[0] if m[0].date else -NEVER, m[0].name))
    names = [name for _, (name, _) in order if name is not None]
    return names[0] if names else min((i for _, (_, ids) in mentions for i in ids), key=lambda i: i.encode())


def late(reports):
    """Whether the first reported one of them was reported more than 30 days after its date."""
    first = min(reports, key=earlier)
    return bool(first.date and first.reported is not None and first.reported > first.date[1] + 30 * DAY)


def person_fact(country, mentions, context):
    reports = list({r.name: r for r, _ in mentions}.values())
    fact = {"kind": "person", "country": country}
    common_fields(fact, reports)
    entries = entries_of(reports)
    rows = rows_of(entries)
    put(fact, ids=unique(i for _, (_, ids) in mentions for i in ids), person=printed(mentions),
        late=late(reports), contradiction=contradicts(entries))
    if rows:
        put(fact, status=status_of(rows), since=rows[-1][1])
    fact["history"] = [person_turn(entries, start) for start in sorted({r.start for r in entries})]
    naming = {r.name for r in reports if r.status > STATUS["rumoured"]}
    for kind, field in (("release", "releases"), ("detention", "detentions")):
        fact[field] = sum(1 for i in context.incidents if i.kind == kind and i.country == country
                          and any(r.name in naming for r in i.reports()))
    return fact


def person_turn(entries, start):
    """What was said at a start, and what the person was after it."""
    rows = rows_of([r for r in entries if r.start <= start])
    says = [r for r in entries if r.start == start and (r.kind == "release") == rows[-1][0]]
    return told((start,), status_of(rows), says)


# ---- section 5: measures -------------------------------------------------------------------------


def same_party(one, other):
    (_, (name, ids)), (_, (other_name, other_ids)) = one, other
    if is_sector(one[1]) or is_sector(other[1]):
        return is_sector(one[1]) and is_sector(other[1]) and (name == other_name or bool(ids & other_ids))
    return bool(ids & other_ids) or (not ids and not other_ids and name == other_name)


def party_classes(reports):
    """Parties of some sanction reports: lists of (report, target)."""
    return classes([(r, target) for r in reports for target in r.targets], same_party)


def parties_everywhere(country, context):
    """The parties of a country, over the reports of all authorities: what ties ids under one ties them under all."""
    everywhere = [(r, target) for r in context.alive if r.kind == "sanction" and r.country == country
                  for target in r.targets if not is_sector(target)]
    return [sorted(party, key=everywhere.index) for party in classes(everywhere, same_party)]


def objects_of(reports):
    """What some sanction reports are on, but programs: (report, party or sector)."""
    return [(r, t) for r in reports for t in r.targets or [Sector((s, frozenset())) for s in r.sectors]]


def measures_of(country, authority, context):
    reports = [r for r in context.alive if r.kind == "sanction" and r.country == country
               and r.authority == authority]
    facts = []
    of_all = [r for r in reports if r.action in ("lifted", "extended") and r.program is not None
               and not r.targets and not r.sectors]
    for mentions in classes([(r, o) for r, o in objects_of(reports) if is_sector(o)], same_party):
        own = list({r.name: r for r, _ in mentions}.values())
        facts.append(measure_fact(country, authority, own, context.now, of_all, idle_removals(mentions, authority, of_all),
                                  sector=min((name for _, (name, _) in mentions), key=lambda n: n.encode()),
                                  ids=unique(i for _, (_, ids) in mentions for i in ids)))
    for party in parties_everywhere(country, context):
        mentions = [(r, target) for r, target in party if r.authority == authority]
        if mentions:
            own = list({r.name: r for r, _ in mentions}.values())
            facts.append(measure_fact(country, authority, own, context.now, of_all, idle_removals(party, authority, of_all),
                                      party=printed(party),
                                      ids=unique(i for _, (_, ids) in mentions for i in ids)))
    for program in unique(r.program for r in reports if not r.targets and not r.sectors):
        own = [r for r in reports if not r.targets and not r.sectors and r.program == program]
        facts.append(measure_fact(country, authority, own, context.now, [], program=program))
    return [fact for fact in facts if fact is not None]


class Measure:
    """The fold of the reports on one object."""

    def __init__(self):
        self.state = self.since = None
        self.since_until = None  # the end of the longer date of a listing that it is in force since
        self.ends = None  # when the measure itself runs out
        self.extension = None  # when the extension that holds was first told
        self.licence_ends = None
        self.licence_step = None  # when the licence or suspension that runs was first told
        self.programs = set()
        self.removed = None  # (start, state, since) before a removal
        self.outlived = None  # what stood before the end of the last program, while nothing else says that it went
        self.history = []

    def tell(self, at, report=None):
        """Notes a turn: what was said, and what the measure is after it."""
        said = (at, report.action, ending_of(report), report.program) if report else (at,)
        dated = (report.start, report.vague_until) if report else None
        if report and self.history and (self.history[-1]["said"], self.history[-1]["dated"]) == (said, dated):
            self.history[-1]["of"].append(report)
        else:
            self.history.append({"said": said, "dated": dated, "of": [report] if report else []})
        self.history[-1]["state"] = self.state

    def turn(self, state, start):
        if state != self.state:
            self.state, self.since, self.since_until = state, start, None
        if state not in ("licensed", "suspended"):
            self.licence_ends = None
        if state in ("lifted", "delisted", "expired"):
            self.ends = None

    def run_out(self, until):
        """Lets what ends at or before `until` end, each at its own instant."""
        while True:
            due = min(self.ends or NEVER, self.licence_ends or NEVER)
            if due > until or due == NEVER:
                return
            self.turn("expired" if self.ends == due else "in_force", due)
            self.tell(due)

    def take(self, report, start, again=False):
        """again: a listing that is an echo."""
        action, ending = report.action, ending_of(report)
        if action == "proposed":
            if self.state is None:
                self.turn("proposed", start)
        elif action in ("imposed", "reimposed"):
            self.ends = ending or self.ends
            if again and self.state in ("licensed", "suspended"):
                return
            self.outlived = None
            moved = self.state in ("lifted", "delisted") and self.removed[0] // DAY == start // DAY
            if moved:
                _, self.state, self.since = self.removed
            before = self.state
            self.turn("in_force", start)
            if before != "in_force":
                self.since_until = report.vague_until
            elif not moved:
                self.tell_sharper(report, start)
        elif action in ("extended", "amended", "maintained"):
            if self.state not in ("lifted", "delisted"):
                if self.state not in ("licensed", "suspended"):
                    self.turn("in_force", start if self.state is not None else None)
                if action != "extended" or ending is not None:
                    self.ends = ending or self.ends
                if action == "extended" and (self.extension is None or start - self.extension >= TOLERANCE["sanction"]):
                    self.extension, self.ends = start, ending
        elif action == "eased":
            if self.state is None:
                self.turn("in_force", None)
        elif action in ("licensed", "suspended"):
            if self.state not in ("delisted", "lifted"):
                again = self.state == action and start - self.licence_step < TOLERANCE["sanction"]
                self.turn(action, start)
                if not again:
                    self.licence_step, self.licence_ends = start, ending
                elif ending is not None:
                    self.licence_ends = ending
        else:
            self.remove(action, start)

    def tell_sharper(self, report, start):
        """A listing dates since when it is in force, where that was told with a longer date in which it begins."""
        if self.since_until is None or start >= self.since_until:
            return
        until = start if report.vague_until is None else report.vague_until
        if until - start < self.since_until - self.since:
            self.since, self.since_until = start, report.vague_until

    def listed_under(self, report):
        """Notes the program that a report names: a listing adds it, an amendment to another renames."""
        program, action = report.program, report.action
        if program is None or program in self.programs:
            return
        if self.state in ("lifted", "delisted") and action not in ("imposed", "reimposed"):
            return
        if action in ("imposed", "reimposed"):
            self.programs.add(program)
        elif not self.programs or EFFECT[action] in ("tightening", "none"):
            self.programs = {program}

    def of_program(self, report, start):
        """What is said of a program alone; whether it reaches this party."""
        if report.action == "extended":
            return self.extend_program(report, start)
        return self.end_program(report.program, start)

    def extend_program(self, report, start):
        """The end of what is listed under it is put off, never brought nearer; where there is none, none is given."""
        if self.state not in ("in_force", "licensed", "suspended") or report.program not in self.programs:
            return False
        before, ending = self.ends, ending_of(report)
        again = self.extension is not None and start - self.extension < TOLERANCE["sanction"]
        if before is None and not again:
            return False
        if not again:
            self.extension = start
        if ending is not None:
            self.ends = max(ending, before or ending)
        elif not again:
            self.ends = None
        return self.ends != before

    def end_program(self, program, start):
        if self.state in ("in_force", "licensed", "suspended") and program in self.programs:
            self.programs.discard(program)
            if not self.programs:
                before = (self.state, self.since, self.licence_ends, self.ends, self.extension)
                self.remove("lifted", start)
                self.outlived = before
            return True
        return False

    def outlive(self, until):
        """What is said of the party itself shows that it did not go with its program."""
        if self.outlived:
            self.state, self.since, self.licence_ends, self.ends, self.extension = self.outlived
            self.outlived = None
            self.run_out(until)

    def remove(self, state, start):
        self.programs = set()
        self.outlived = None
        self.extension = None
        if self.state not in ("lifted", "delisted"):
            self.removed = (start, self.state, self.since)
        self.turn(state, start)


def ending_of(report):
    return ends_at(report.get("expires_at")) if report.get("expires_at") is not None else None


class Course:
    """The steps of a measure in their order, and those that wait: what is vague and found nothing to remove or to
    license comes after the listing that begins within its date."""

    def __init__(self, own, now, idle=frozenset()):
        self.idle = idle  # removals (by name of the report) that remove nothing
        self.measure, self.now, self.reached, self.waiting = Measure(), now, {}, []
        self.own, self.names = own, {r.name for r in own}
        self.has_stood = False
        self.blunt = set()  # those (by name of the report) that tell less exactly what another tells
        self.echoes = set()  # those that tell again what came to an end since

    def lists(self, report):
        return report.name in self.names and report.action in ("imposed", "reimposed")

    def removes(self, report):
        return report.name in self.names and report.effect == "removal" and not self.passes(report)

    def passes(self, report):
        """Whether it changes nothing."""
        return report.name in self.idle | self.blunt or (report.name in self.echoes and not self.lists(report))

    def run(self, of_all):
        self.blunt = blunt_of([r for r in self.own if r.name not in self.idle])
        self.echoes = echoes_of([r for r in self.own if r.name not in self.idle])
        for program in {r.program for r in of_all}:
            self.blunt |= blunt_of([r for r in of_all if r.program == program])
        order = sorted((r for r in list(self.own) + of_all if r.date and r.status > STATUS["rumoured"]),
                       key=lambda r: (step_key(r), r not in self.own))
        for at, report in enumerate(order):
            self.come(report, order[at + 1:])
        self.measure.run_out(self.now)
        return self.measure

    def until(self, report):
        """Until when what it follows may begin."""
        ending = ending_of(report)
        if report.action in ("licensed", "suspended") and ending is not None:
            return min(ending, report.vague_until)
        return report.vague_until

    def come(self, report, rest):
        self.has_stood = self.has_stood or self.measure.state in ("in_force", "licensed", "suspended")
        self.measure.run_out(min(report.start, self.now))
        if self.must_wait(report, rest):
            self.waiting.append({"report": report, "listed": False})
            return
        self.take(report, report.start)
        for wait in self.waiting:
            wait["listed"] = wait["listed"] or self.lists(report)
        if report.name in self.names:
            self.wait_no_longer(report, rest)

    def must_wait(self, report, rest):
        if report.action not in ("lifted", "delisted", "licensed", "suspended") or report.vague_until is None:
            return False
        if self.passes(report):
            return False
        if self.measure.state in ("in_force", "licensed", "suspended"):
            return False
        listing = next((r for r in rest if self.lists(r)), None)
        if listing is None or min(r.start for r in rest if self.lists(r)) >= self.until(report):
            return False
        return report.effect != "removal" or self.has_stood or listing.action != "reimposed"

    def wait_no_longer(self, after, rest):
        """Those whose listing has come, where neither a listing nor a removal is left within their dates; with a
        removal all of them."""
        ready = [wait for wait in self.waiting if wait["listed"]]
        over = [wait for wait in ready if not any((self.lists(r) or self.removes(r)) and r.start < self.until(wait["report"])
                                                  for r in rest)]
        if self.removes(after) or any(wait["report"].effect == "removal" for wait in over):
            over = ready
        for wait in over:
            self.waiting.remove(wait)
            self.take(wait["report"], max(wait["report"].start, after.start))

    def take(self, report, start):
        measure = self.measure
        measure.run_out(min(start, self.now))
        if self.passes(report):
            if report.name in self.names:
                measure.tell(start, report)
            return
        if report.name in self.names:
            if report.action in ("extended", "amended", "maintained"):
                measure.outlive(min(start, self.now))
            measure.listed_under(report)
            measure.take(report, start, report.name in self.echoes)
            measure.tell(start, report)
            return
        said = (start, report.start, report.vague_until, report.action, ending_of(report), report.program)
        if measure.of_program(report, start):
            measure.tell(start, report)
            self.reached[said] = measure.history[-1]
        elif said in self.reached:  # it says again what ended or extended the program
            self.reached[said]["of"].append(report)


def blunt_of(reports):
    """The names of the reports on one object that tell with a longer date what another of them tells."""
    known = [r for r in reports if r.date and r.status > STATUS["rumoured"]]
    return {r.name for r in known if r.vague_until is not None and any(less_exact(r, other) for other in known)}


def less_exact(report, other):
    if report.effect == "removal":
        same = other.effect == "removal"
    else:
        same = report.action not in ("imposed", "reimposed") and other.action == report.action \
            and ending_of(report) is None
        renames = report.effect in ("tightening", "none") and report.program is not None
        same = same and (not renames or other.program == report.program)
    return same and step_days(other) < step_days(report) \
        and other.date[0] < step_until(report) and step_until(other) > report.date[0]


def like(report):
    """What an echo repeats."""
    return {"delisted": "removal", "lifted": "removal", "imposed": "listing", "reimposed": "listing",
            "licensed": "licensed", "suspended": "suspended"}.get(report.action)


def undoes(report, what):
    return like(report) in (("licensed", "suspended") if what == "listing" else ("listing",))


def echoes_of(reports):
    """The names of the reports on one object that tell again, a little later, what came to an end in between."""
    known = [r for r in reports if r.date and r.status > STATUS["rumoured"]]
    found = set()
    for what in ("removal", "licensed", "suspended", "listing"):
        first = None
        for key in sorted({step_key(r) for r in known}):
            step = [r for r in known if step_key(r) == key]
            if what == "listing" and like(step[0]) == "removal":
                first = None
            if like(step[0]) != what or step[0].vague_until is not None:
                continue
            if first is None or step[0].start - first.start >= TOLERANCE["sanction"]:
                first = step[0]
                continue
            before = [r for r in known if undoes(r, what) and step_key(r) < step_key(first)]
            between = [r for r in known if undoes(r, what) and step_key(first) < step_key(r) < key]
            if {r.source for r in step} & {r.source for r in between}:
                first = step[0]
            elif any(all(r.start - other.start >= TOLERANCE["sanction"] for other in before) for r in between):
                found |= {r.name for r in step}
    return found


def step_until(report):
    return report.vague_until or (report.start // DAY + 1) * DAY


def step_days(report):
    return step_until(report) - report.date[0]


def step_key(report):
    """What orders the steps of a measure; reports of the same key say the same."""
    return (report.start // DAY, report.effect != "removal", report.start, EFFECT_ORDER[report.effect],
            ACTION_ORDER.index(report.action), -NEVER if ending_of(report) is None else ending_of(report),
            (report.program or "").encode(), report.vague_until or 0)


def idle_removals(mentions, authority, of_all):
    """The names of the reports that remove what their source had listed, while it still lists the party by ids that it
    never tied to those of the removal. A step is idle where every report that says it is."""
    verdicts = {}
    for source in {r.source for r, _ in mentions}:
        records = classes([m for m in mentions if m[0].source == source], same_party)
        for record in records:
            here = unique_reports(r for r, _ in record if r.authority == authority)
            for report, _ in record:
                if report.authority != authority or report.effect != "removal" or not report.date \
                        or report.status <= STATUS["rumoured"]:
                    continue
                until = report.vague_until or (report.start // DAY + 1) * DAY
                others = [unique_reports(r for r, _ in other if r.authority == authority)
                          for other in records if other is not record]
                verdicts.setdefault(step_key(report), []).append(
                    (report.name, stood(here, of_all, until)[1] and any(stood(other, of_all, until)[0] for other in others)))
    return {name for said in verdicts.values() if all(idle for _, idle in said) for name, _ in said}


def unique_reports(reports):
    return list({r.name: r for r in reports}.values())


def stood(reports, of_all, moment):
    """Whether the measure that these reports alone make stood at last before a moment, and ever before it."""
    standing, ever, at = False, False, -NEVER
    for turn in Course(reports, NEVER).run(of_all).history:
        at = max(at, turn["said"][0])
        if at < moment:
            standing = turn["state"] in ("in_force", "licensed", "suspended")
            ever = ever or standing
    return standing, ever


def measure_fact(country, authority, own, now, of_all, idle=frozenset(), party=None, ids=None, sector=None, program=None):
    measure = Course(own, now, idle).run(of_all)
    if measure.state is None:
        return None
    fact = {"kind": "measure", "country": country}
    common_fields(fact, own)
    put(fact, authority=authority, party=party, ids=ids, sector=sector, program=program, state=measure.state,
        since=measure.since, expires_at=measure.licence_ends or measure.ends, late=late(own),
        status=STATUS_NAME[max(r.status for r in own)])
    fact["history"] = [told(turn["said"], turn["state"], turn["of"]) for turn in measure.history]
    return fact


def told(said, state, reports):
    """A turn of a history: (at, action, expires_at, program, state, reports, source, id)."""
    at, action, ends, program = said if len(said) == 4 else (*said, None, None, None)
    first = min(reports, key=earlier, default=None)
    return [at, action, ends, program, state, len(reports), first.source if first else None,
            first.id if first else None]


# ---- section 6: tallies and feeds ------------------------------------------------------------------


def tallies_of(context):
    series = {}
    for report in context.alive:
        if report.kind == "tally":
            since = report.get("since")
            key = (report.country, report.voice, report.get("of"), interval(since) if since is not None else None,
                   report.form, report.get("category"))
            series.setdefault(key, []).append(report)
    return [tally_fact(reports, context) for reports in series.values()]


def tally_fact(reports, context):
    latest = max(reports, key=later)
    fact = {"kind": "tally", "country": latest.country}
    common_fields(fact, reports)
    put(fact, source=latest.voice, form=latest.form, category=latest.get("category"), of=latest.get("of"), count=latest.count,
        since=start_of(latest.get("since")), state=tally_state(latest, context), late=late(reports),
        status=STATUS_NAME[max(r.status for r in reports)])
    return fact


FORMS = ["pardon", "amnesty", "sentence_served", "parole", "exchange", "deportation", "acquittal", "other"]


def tally_state(tally, context):
    if tally.get("since") is None or tally.get("of") is None or tally.count is None:
        return "not-comparable"
    low, high, steps = total_of(tally, context, stated(tally.form), tally.get("category"))
    if agrees_with(tally, low, high):
        return "agrees"
    moments = sorted({start for start, _ in steps})
    if tally.count in [sum(n for start, n in steps if start <= moment) for moment in moments]:
        return "stale"
    for category in categories(tally, context):
        for takes in readings():
            low, high, steps = total_of(tally, context, takes, category)
            if tally.count and low <= tally.count <= high:
                return "other-definition"
    return "differs"


def stated(form):
    """Whether the forms of an incident are those that a tally states: True, False or None, perhaps."""
    return lambda forms: True if form is None or form in forms else (None if not forms else False)


def readings():
    """What else a total may mean by the released."""
    yield stated(None)
    yield lambda forms: forms != ["sentence_served"]
    for form in FORMS:
        yield lambda forms, form=form: form in forms
        yield lambda forms, form=form: forms == [form]


def categories(tally, context):
    parts = {r.part for i in incidents_told(tally, context) for r in i.reports() if r.part is not None}
    known = sorted(p.split("=", 1)[1].encode() for p in parts if p.startswith("category="))
    return [tally.get("category"), None] + [text.decode() for text in known[:8]]


def incidents_told(tally, context):
    kind = {"released": "release", "detained": "detention"}[tally.get("of")]
    return [i for i in context.incidents if i.kind == kind and i.country == tally.country]


def stated_start(date):
    """The start of a date without what `~` widened it by: a day by 14 days, a month and a year by one."""
    first, days = datetime.date(1970, 1, 1) + datetime.timedelta(days=date[0] // DAY), (date[1] - date[0]) // DAY
    if days > 2 * 366:
        return _day_ns(first.year + 1, 1, 1)
    if 58 < days < 100:
        return _month_ns(first.year, first.month + 1)
    return date[0] + 14 * DAY if days == 29 and first.day != 1 else date[0]


def total_of(tally, context, takes, category):
    """Low and high of what a total means, and its steps."""
    since = interval(tally.get("since"))
    approximate = isinstance(tally.get("since"), str) and tally.get("since").endswith("~")
    low = high = 0
    steps = []
    for incident in incidents_told(tally, context):
        if incident.fact["status"] == "rumoured" or not incident.date:
            continue
        start = stated_start(incident.date)
        if start < since[0] or (tally.date and start >= tally.date[1]):
            continue
        taken = takes(incident.fact.get("forms", []))
        if taken is False:
            continue
        sure = taken and not (approximate and start < since[1])
        count = count_of(incident.reports(), context)
        if category is not None:
            count = count.parts.get("category=" + category, count)
        if count.count is None:
            continue
        low += count.low if sure else 0
        high += max(count.high, count.count)
        steps.append((start, count.count))
    return low, high, steps


def agrees_with(tally, low, high):
    if tally.count_is == "at_least":
        return tally.count <= high
    if tally.count_is == "about":
        return 10 * tally.count >= 9 * low and 10 * tally.count <= 11 * high
    return low <= tally.count <= high


def feeds_of(context):
    facts = []
    for source, country in sorted({(r.source, r.country) for r in context.alive}):
        reports = [r for r in context.alive if (r.source, r.country) == (source, country)]
        fact = {"kind": "feed", "country": country, "source": source}
        words_of_importer = [r for r in reports if r.kind == "feed"]
        common_fields(fact, words_of_importer)
        put(fact, sources=[source], late=False)
        known = [r for r in context.known if (r.source, r.country) == (source, country)]
        holes = 0
        for producer in {r.get("producer") for r in known} - {None}:
            numbers = {r.get("producer_seq") for r in context.known if r.get("producer") == producer} - {None}
            if numbers:
                holes += max(numbers) - min(numbers) + 1 - len(numbers)
        reported = [r.reported for r in known if r.reported is not None]
        put(fact, first_reported_at=min(reported, default=None), last_reported_at=max(reported, default=None),
            last_at=max(reported, default=None), holes=holes,
            broken=bool(words_of_importer) and max(words_of_importer, key=later).get("state") == "broken")
        facts.append(fact)
    return facts


# ---- all of it ---------------------------------------------------------------------------------------


class Context:
    def __init__(self, events, now):
        unique_reports = {}
        for event in events:
            report = Report(event)
            unique_reports.setdefault(report.name, report)
        self.known = list(unique_reports.values())
        self.alive = sorted(living(self.known), key=lambda r: r.name)
        self.now = now
        self.incidents = []
        self._parties = None

    def parties_of(self, report):
        """The parties (as numbers) that a sanction report names."""
        if self._parties is None:
            self._parties = {}
            sanctions = [r for r in self.alive if r.kind == "sanction"]
            objects = [mentions for country in {r.country for r in sanctions}
                       for mentions in parties_everywhere(country, self)]
            for country, authority in {(r.country, r.authority) for r in sanctions}:
                group = [r for r in sanctions if r.country == country and r.authority == authority]
                objects += [mentions for mentions in party_classes(group) if is_sector(mentions[0][1])]
            for number, mentions in enumerate(objects):
                for mentioned, _ in mentions:
                    self._parties.setdefault(mentioned.name, set()).add(number)
        return self._parties.get(report.name, set())


def now_of(now):
    return now if isinstance(now, int) else interval(now)[0]


def facts(events, now):
    """All facts that follow from the events, as {kind: [fact, ...]}. `now` in ns or as a date."""
    context = Context(events, now_of(now))
    by_key = {}
    for report in context.alive:
        if report.kind in TOLERANCE:
            by_key.setdefault(key_of(report), []).append(report)
    for key, reports in sorted(by_key.items()):
        context.incidents += incidents_of_key(key, reports, context)
    result = {kind: [] for kind in ("release", "detention", "sanction", "talks", "person", "measure",
                                    "tally", "feed", "report")}
    for incident in context.incidents:
        result[incident.kind].append(incident_fact(incident, context))
    mark_largest(context.incidents)
    for country in sorted({r.country for r in context.alive}):
        result["person"] += persons_of(country, context)
    pairs = {(r.country, r.authority) for r in context.alive if r.kind == "sanction"}
    for country, authority in sorted(pairs):
        result["measure"] += measures_of(country, authority, context)
    result["tally"] = tallies_of(context)
    result["feed"] = feeds_of(context)
    result["report"] = [dict(r.event) for r in context.alive]
    return result

