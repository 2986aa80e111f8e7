"""A second reader of thaw/1, written from PROTOCOL.md alone, over the vectors of proto/vectors."""

import calendar
import datetime
import json
import math
import os
import re
import struct
import sys
import unicodedata
import unittest

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto", "vectors")
NOW_NS = calendar.timegm((2026, 1, 1, 0, 0, 0)) * 10**9
FIRST_S, END_S = calendar.timegm((1900, 1, 1, 0, 0, 0)), calendar.timegm((2201, 1, 1, 0, 0, 0))

WORDS = {
    "status": "rumoured announced confirmed", "count_is": "exact at_least about", "covers": "event part wider",
    "of": "detained released", "state": "ok broken",
    "form": "pardon amnesty sentence_served parole exchange deportation acquittal other",
    "action": "proposed imposed extended amended reimposed eased licensed suspended lifted delisted maintained",
    "stage": "reported demanded offered promised agreed denied collapsed",
}
ALL = "id kind country source attributed_to reported_at title note url producer producer_seq"
CLAIM = ALL + " occurred_at status revises incident"
KINDS = {
    "release": CLAIM + " count count_is covers part persons form destination",
    "detention": CLAIM + " count count_is covers part persons",
    "sanction": CLAIM + " count count_is authority action program sector targets expires_at",
    "talks": CLAIM + " stage expected_count expected_by parties persons",
    "tally": CLAIM + " count count_is of since category persons form",
    "feed": ALL + " incident state",
    "retraction": ALL + " retracts",
}
REQUIRED = {"sanction": ["authority", "action"], "talks": ["stage"], "feed": ["state"], "retraction": ["retracts"]}
SHORT = "id source attributed_to revises retracts incident category destination authority program sector producer"
DATES = "occurred_at reported_at since expires_at expected_by"
KNOWN = set(" ".join(KINDS.values()).split())


class Refused(Exception):
    """args: code"""


class Ext(tuple):
    pass


# ---- MessagePack (section 4): one value, bounded ------------------------------------------------

class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if n > len(self.data) - self.at:
            raise Refused("malformed")
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def items(self, count, each, depth):
        if count * each > len(self.data) - self.at:
            raise Refused("malformed")
        if depth < 0:
            raise Refused("limit")
        return [self.value(depth) for _ in range(count * each)]

    def value(self, depth):
        first = self.number("B")
        if first < 0x80:
            return first
        if first >= 0xe0:
            return first - 256
        if first < 0x90:
            return self.map(first & 15, depth)
        if first < 0xa0:
            return self.items(first & 15, 1, depth - 1)
        if first < 0xc0:
            return self.text(first & 31)
        return self.other(first, depth)

    def other(self, first, depth):
        if first in (0xc0, 0xc2, 0xc3):
            return {0xc0: None, 0xc2: False, 0xc3: True}[first]
        if first in (0xca, 0xcb):
            return self.number("fd"[first - 0xca])
        if 0xcc <= first <= 0xd3:
            return self.number("BHIQbhiq"[first - 0xcc])
        if 0xd4 <= first <= 0xd8:
            return Ext((self.number("b"), self.take(1 << first - 0xd4)))
        if 0xc7 <= first <= 0xc9:
            size = self.number("BHI"[first - 0xc7])
            return Ext((self.number("b"), self.take(size)))
        if 0xc4 <= first <= 0xc6:
            return bytearray(self.take(self.number("BHI"[first - 0xc4])))
        if 0xd9 <= first <= 0xdb:
            return self.text(self.number("BHI"[first - 0xd9]))
        if first in (0xdc, 0xdd):
            return self.items(self.number("HI"[first - 0xdc]), 1, depth - 1)
        if first in (0xde, 0xdf):
            return self.map(self.number("HI"[first - 0xde]), depth)
        raise Refused("malformed")

    def text(self, size):
        return bytes(self.take(size))  # bytes: a str, not yet looked at; a bin is a bytearray

    def map(self, count, depth):
        flat = self.items(count, 2, depth - 1)
        return tuple(zip(flat[::2], flat[1::2]))  # a map is a tuple of pairs


def read_one(data, nesting):
    reader = Reader(data)
    many = bool(data) and (0x90 <= data[0] < 0xa0 or data[0] in (0xdc, 0xdd))
    value = reader.value(nesting + many)
    if reader.at != len(data):
        raise Refused("malformed")
    return value


# ---- values -----------------------------------------------------------------------------------

def text(raw, least=0, most=None, lines=False):
    if not isinstance(raw, bytes):
        raise Refused("invalid")
    try:
        made = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("malformed") from None
    if any(ord(c) < 32 or 127 <= ord(c) < 160 for c in made if not (lines and c in "\t\n")):
        raise Refused("invalid")
    if most is not None and len(raw) > most:
        raise Refused("too-large")
    if len(raw) < least:
        raise Refused("invalid")
    return made


INVISIBLE = re.compile("[ \u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
                       "\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]+")


def name(raw, most):
    """A text under which things are taken together."""
    made = text(raw, 1, most)
    if INVISIBLE.fullmatch(made):
        raise Refused("invalid")
    return made


def identifier(raw, most):
    """A text that makes one of all who bear it."""
    made = name(raw, most)
    signs = (c for c in INVISIBLE.sub("", made) if unicodedata.category(c)[0] not in "PS")
    if made.lower() in "n/a na nan nil none null undefined unknown".split() or not any(signs):
        raise Refused("invalid")
    return made


def key_name(raw):
    try:
        return text(raw, 0, 128)
    except Refused as refused:
        raise Refused("malformed" if refused.args[0] == "invalid" else refused.args[0]) from None


def pairs(value):
    """A map's pairs with their names; once each, at most 64 that are not the protocol's."""
    made = {}
    for raw, inner in value:
        name = key_name(raw)
        if name in made:
            raise Refused("malformed")
        made[name] = inner
    return made


def sound(value):
    """A value that nobody interprets."""
    if isinstance(value, bytes):
        text(value, lines=True)
    elif isinstance(value, float) and not math.isfinite(value):
        raise Refused("invalid")
    elif isinstance(value, list):
        for inner in value:
            sound(inner)
    elif isinstance(value, tuple) and not isinstance(value, Ext):
        made = pairs(value)
        if len(made) > 64:
            raise Refused("limit")
        for inner in made.values():
            sound(inner)


def uint(value):
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise Refused("invalid")
    return value


def instant(seconds, ns=0):
    if not FIRST_S <= seconds < END_S:
        raise Refused("invalid")
    return {"at_ns": str(seconds * 10**9 + ns), "precision": "instant", "approximate": False}


def date(value):
    if isinstance(value, bytes):
        return date_text(text(value))
    if isinstance(value, bool) or isinstance(value, (list, bytearray)) or value is None:
        raise Refused("invalid")
    if isinstance(value, int):
        return instant(value)
    if isinstance(value, float):
        if not math.isfinite(value) or not FIRST_S <= value < END_S:
            raise Refused("invalid")
        whole = math.floor(value)
        return instant(whole, int((value - whole) * 1e9 + 0.5))
    if isinstance(value, Ext) and value[0] == -1:
        data = value[1]
        if len(data) == 4:
            return instant(*struct.unpack(">I", data))
        if len(data) == 8:
            both = struct.unpack(">Q", data)[0]
            seconds, ns = both & 2**34 - 1, both >> 34
        elif len(data) == 12:
            ns, seconds = struct.unpack(">Iq", data)
        else:
            raise Refused("invalid")
        if ns >= 10**9:
            raise Refused("invalid")
        return instant(seconds, ns)
    raise Refused("invalid")


def date_text(said):
    day = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(~?)", said, re.ASCII)
    try:
        if day:
            year, month, number = (int(part) if part else None for part in day.groups()[:3])
            at = calendar.timegm(datetime.date(year, month or 1, number or 1).timetuple())
            if not 1900 <= year <= 2200:
                raise Refused("invalid")
            return {"at_ns": str(at * 10**9), "approximate": bool(day[4]),
                    "precision": "day" if number else "month" if month else "year"}
        parts = re.fullmatch(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", said, re.ASCII)
        if not parts:
            raise Refused("invalid")
        zone = "+00:00" if parts[4] in "Zz" else parts[4]
        moment = datetime.datetime.fromisoformat(f"{parts[1]}T{parts[2]}{zone}")
    except ValueError:
        raise Refused("invalid") from None
    return instant(int((moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)).total_seconds()),
                   int((parts[3] or "0").ljust(9, "0")))


def span(made):
    """The interval in nanoseconds, its end excluded."""
    at = int(made["at_ns"])
    if made["precision"] == "instant":
        return at, at + 1
    start = datetime.date(1970, 1, 1) + datetime.timedelta(seconds=at // 10**9)
    wide = made["approximate"]
    if made["precision"] == "day":
        extra = datetime.timedelta(days=14 if wide else 0)
        edges = start - extra, start + datetime.timedelta(days=1) + extra
    else:
        step = 1 if made["precision"] == "month" else 12
        month = start.year * 12 + start.month - 1
        edges = [datetime.date(m // 12, m % 12 + 1, 1) for m in
                 (month - step * wide, month + step + step * wide)]
    return tuple(calendar.timegm(edge.timetuple()) * 10**9 for edge in edges)


def strs(value, most, one_of=name):
    if not isinstance(value, list):
        raise Refused("invalid")
    if len(value) > 64:
        raise Refused("limit")
    return [one_of(one, most) for one in value]


def parties(value, typed):
    if not isinstance(value, list):
        raise Refused("invalid")
    if len(value) > 1000:
        raise Refused("limit")
    return [party(one, typed) for one in value]


def party(value, typed):
    if not isinstance(value, tuple) or isinstance(value, Ext):
        raise Refused("invalid")
    made = {}
    for key, inner in pairs(value).items():
        if inner is None:
            continue
        if key == "name":
            made[key] = name(inner, 4096)
        elif key == "ids":
            made[key] = strs(inner, 128, identifier)
        elif key == "type" and typed:
            made[key] = name(inner, 128)
        else:
            sound(inner)
    if "name" not in made and not made.get("ids"):
        raise Refused("invalid")
    return made


def field(key, value):
    if key in ("count", "expected_count", "producer_seq"):
        return uint(value)
    if key in DATES.split():
        return date(value)
    if key in ("id", "source", "producer", "revises", "retracts"):
        return text(value, 1, 128)
    if key in SHORT.split():
        made = name(value, 128)
        if key == "incident" and (made == "shared:" or INVISIBLE.fullmatch(made.removeprefix("shared:"))):
            raise Refused("invalid")
        return made
    if key in ("title", "note", "url"):
        return text(value, 0, 4096, lines=key == "note")
    if key in ("persons", "targets"):
        return parties(value, key == "targets")
    if key == "parties":
        return strs(value, 4096)
    if key == "part":
        made = text(value, 1, 128)
        sides = made.split("=", 1)
        if len(sides) < 2 or not all(sides) or any(map(INVISIBLE.fullmatch, sides)):
            raise Refused("invalid")
        return made
    made = text(value)
    if key == "country":
        if not re.fullmatch("[A-Z]{2}", made, re.ASCII):
            raise Refused("invalid")
    elif made not in (KINDS if key == "kind" else WORDS[key].split()):
        raise Refused("invalid")
    return made


# ---- events -----------------------------------------------------------------------------------

def event(value):
    if not isinstance(value, tuple) or isinstance(value, Ext):
        raise Refused("malformed")
    given = pairs(value)
    if len(set(given) - KNOWN) > 64:
        raise Refused("limit")
    given = {key: inner for key, inner in given.items() if inner is not None}
    kind = field("kind", given.get("kind"))
    keys = KINDS[kind].split()
    made = {}
    for key, inner in given.items():
        if key in keys:
            made[key] = field(key, inner)
        else:
            sound(inner)
    for key in ["id", "country", "source"] + REQUIRED.get(kind, []):
        if key not in made:
            raise Refused("invalid")
    together(made, keys)
    return made


def together(made, keys):
    if "status" in keys:
        made.setdefault("status", "announced")
    if "count_is" in keys:
        if "count_is" in made and "count" not in made:
            raise Refused("invalid")
        made.setdefault("count_is", "exact")
    if "covers" in keys:
        made.setdefault("covers", "event")
        if (made["covers"] == "part") != ("part" in made):
            raise Refused("invalid")
    for key in ("occurred_at", "reported_at"):
        if key in made and span(made[key])[0] > NOW_NS + 86400 * 10**9:
            raise Refused("future")


def events(data):
    if len(data) > 4 << 20:
        raise Refused("too-large")
    value = read_one(data, 8)
    if isinstance(value, list):
        if len(value) > 10000:
            raise Refused("limit")
        return [event(one) for one in value]
    return [event(value)]


# ---- alerts and beats ---------------------------------------------------------------------------

def timestamp(value):
    if not isinstance(value, Ext):
        raise Refused("invalid")
    return date(value)["at_ns"]


def plain_map(value):
    if not isinstance(value, tuple):
        raise Refused("invalid")
    return {key: text(inner) if isinstance(inner, bytes) else inner for key, inner in pairs(value).items()}


def refs(value):
    made = [{key: text(inner) for key, inner in pairs(one).items()} for one in value]
    if any(set(one) != {"source", "id"} for one in made):
        raise Refused("invalid")
    return made


ALERT = {"epoch": text, "seq": uint, "id": text, "rev": uint, "state": text, "rule": text, "rule_version": text,
         "severity": text, "title": text, "labels": plain_map, "country": text, "group": plain_map,
         "values": plain_map, "since": timestamp, "at": timestamp, "facts": lambda v: [text(s) for s in v],
         "reports": refs, "sources": lambda v: [text(s) for s in v], "because": refs}


def alert(data):
    made = {key: ALERT[key](value) for key, value in pairs(read_one(data, 8)).items()}
    if not {"epoch", "seq", "id", "rev", "state", "rule", "at"} <= set(made):
        raise Refused("invalid")
    if made["state"] not in ("firing", "resolved", "withdrawn"):
        raise Refused("invalid")
    return made


def load(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        return json.load(f)["vectors"]


class Vectors(unittest.TestCase):
    maxDiff = None

    def test_valid(self):
        for vector in load("valid.json"):
            with self.subTest(vector["name"]):
                self.assertEqual(events(bytes.fromhex(vector["hex"])), vector["events"])

    def test_invalid(self):
        for vector in load("invalid.json"):
            with self.subTest(vector["name"]):
                with self.assertRaises(Refused) as caught:
                    events(bytes.fromhex(vector["hex"]))
                self.assertEqual(caught.exception.args[0], vector["code"])

    def test_dates(self):
        for vector in load("dates.json"):
            with self.subTest(vector["text"]):
                start, end = span(date_text(vector["text"]))
                self.assertEqual((str(start), str(end)), (vector["start_ns"], vector["end_ns"]))

    def test_alerts(self):
        for vector in load("alerts.json"):
            with self.subTest(vector["name"]):
                made = alert(bytes.fromhex(vector["hex"]))
                self.assertEqual(made, vector["alert"])
                self.assertEqual(f"alert.{made['country'] or '-'}.{made['rule']}.", vector["topic"])

    def test_bad_alerts(self):
        for vector in load("bad_alerts.json"):
            with self.subTest(vector["name"]), self.assertRaises((Refused, TypeError, ValueError)):
                alert(bytes.fromhex(vector["hex"]))

    def test_beats(self):
        for vector in load("beats.json"):
            made = pairs(read_one(bytes.fromhex(vector["hex"]), 8))
            self.assertEqual({"epoch": text(made["epoch"]), "seq": str(uint(made["seq"])), "at": timestamp(made["at"])},
                             vector["beat"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
