#!/usr/bin/env python3
"""Writes the test vectors of thaw/1 (*.json here): bytes in hex, and what they mean.

The bytes are made by the packer below and by nothing of thaw; what they mean is written down here,
from PROTOCOL.md. README.md tells the format of the files. Run it after changing a table, look at
the difference, and keep both.
"""

import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
DAY = 86400


class Raw(bytes):
    """Bytes that stand for themselves."""


class Pairs(list):
    """A map as a list of pairs: keys may come twice, and may be anything."""


def pack(value):
    """MessagePack in the shortest form."""
    if isinstance(value, Raw):
        return bytes(value)
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return pack_int(value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode()
        return head(len(data), 0xa0, 31, 0xd9, 0xda, 0xdb) + data
    if isinstance(value, bytes):
        return head(len(value), None, 0, 0xc4, 0xc5, 0xc6) + value
    if isinstance(value, (dict, Pairs)):
        pairs = value.items() if isinstance(value, dict) else value
        return head(len(value), 0x80, 15, None, 0xde, 0xdf) + b"".join(
            pack(k) + pack(v) for k, v in pairs)
    return head(len(value), 0x90, 15, None, 0xdc, 0xdd) + b"".join(map(pack, value))


def pack_int(n):
    if n >= 0:
        for most, first, form in ((0x7f, None, "B"), (0xff, 0xcc, "B"), (0xffff, 0xcd, ">H"),
                                  (0xffffffff, 0xce, ">I"), (2**64 - 1, 0xcf, ">Q")):
            if n <= most:
                return (b"" if first is None else bytes([first])) + struct.pack(form, n)
    for least, first, form in ((-32, None, "b"), (-128, 0xd0, "b"), (-2**15, 0xd1, ">h"),
                               (-2**31, 0xd2, ">i"), (-2**63, 0xd3, ">q")):
        if n >= least:
            return (b"" if first is None else bytes([first])) + struct.pack(form, n)
    raise ValueError(n)


def head(n, fix, fix_most, one, two, four):
    if fix is not None and n <= fix_most:
        return bytes([fix | n])
    if one is not None and n <= 0xff:
        return bytes([one, n])
    if n <= 0xffff:
        return bytes([two]) + struct.pack(">H", n)
    return bytes([four]) + struct.pack(">I", n)


def ext(kind, data):
    fixed = {1: 0xd4, 2: 0xd5, 4: 0xd6, 8: 0xd7, 16: 0xd8}.get(len(data))
    if fixed is not None:
        return Raw(bytes([fixed, kind & 0xff]) + data)
    return Raw(bytes([0xc7, len(data), kind & 0xff]) + data)


def stamp32(seconds):
    return ext(-1, struct.pack(">I", seconds))


def stamp64(seconds, nanoseconds):
    return ext(-1, struct.pack(">Q", nanoseconds << 34 | seconds))


def stamp96(seconds, nanoseconds):
    return ext(-1, struct.pack(">Iq", nanoseconds, seconds))


def nested(depth):
    """Arrays within each other."""
    return Raw(b"\x91" * depth + b"\x00")


# ---- events ---------------------------------------------------------------------------------

BASE = {"id": "1", "kind": "release", "country": "BY", "source": "s"}
ABOUT = {  # by kind, what it needs beside the base
    "release": {}, "detention": {}, "tally": {},
    "sanction": {"authority": "US", "action": "imposed"},
    "talks": {"stage": "offered"},
    "feed": {"state": "ok"},
    "retraction": {"retracts": "0"},
}


def of_kind(kind, /, **more):
    made = dict(BASE, kind=kind, **ABOUT[kind])
    made.update(more)
    return made


def event(**more):
    return of_kind("release", **more)


def without(made, key):
    return {k: v for k, v in made.items() if k != key}


def date(at_s, precision, approximate=False, ns=0):
    return {"at_ns": str(at_s * 10**9 + ns), "precision": precision, "approximate": approximate}


def view(made, **more):
    """What a reader sees: the keys as sent, the defaults, and the dates as given in `more`."""
    seen = {k: v for k, v in made.items() if not isinstance(v, Raw)}
    kind = made["kind"]
    if kind not in ("feed", "retraction"):
        seen.setdefault("status", "announced")
    if kind in ("release", "detention", "tally", "sanction"):
        seen.setdefault("count_is", "exact")
    if kind in ("release", "detention"):
        seen.setdefault("covers", "event")
    seen.update(more)
    return {k: v for k, v in seen.items() if v is not None}


def valid_events():
    def one(name, made, **more):
        return {"name": name, "bytes": pack(made), "events": [view(made, **more)]}

    for kind in ABOUT:
        yield one(f"the least {kind}", of_kind(kind))
    yield one("a whole release", of_kind(
        "release", attributed_to="press service", occurred_at="2025-06-21",
        reported_at="2025-06-21T14:30:00.25+03:00", status="confirmed", revises="0",
        incident="shared:june", title="14 freed", note="line one\n\tline two",
        url="https://example.org/1", producer="p-1", producer_seq=7, count=14,
        count_is="at_least", covers="part", part="destination=LT",
        persons=[{"name": "Siarhei", "ids": ["wd:1", "x:2"]}, {"ids": ["wd:3"]}, {"name": "A"}],
        form="deportation", destination="LT"),
        occurred_at=date(1750464000, "day"),
        reported_at=date(1750505400, "instant", ns=250000000))
    yield one("a whole detention", of_kind(
        "detention", occurred_at="2025-06", count=3, count_is="about", covers="wider",
        status="rumoured"), occurred_at=date(1748736000, "month"))
    yield one("a whole sanction", of_kind(
        "sanction", action="licensed", program="BELARUS-EO14038", sector="potash", count=2,
        targets=[{"name": "Potash Co", "ids": ["ofac:1"], "type": "entity"}, {"name": "Ship"}],
        expires_at="2026-01-31"), expires_at=date(1769817600, "day"))
    yield one("whole talks", of_kind(
        "talks", stage="denied", expected_count=100, expected_by="2025~", parties=["US", "BY"],
        persons=[{"name": "A"}]), expected_by=date(1735689600, "year", True))
    yield one("a whole tally", of_kind(
        "tally", of="detained", since="2020-08-09", category="political", form="pardon",
        count=1197, persons=[]), since=date(1596931200, "day"))
    yield one("a tally of the freed", of_kind("tally", of="released", count=52))
    yield one("a broken feed", of_kind("feed", country="ZZ", state="broken", incident="i"))
    for action in ("proposed", "imposed", "extended", "amended", "reimposed", "eased", "licensed",
                   "suspended", "lifted", "delisted", "maintained"):
        yield one(f"action {action}", of_kind("sanction", action=action))
    for stage in ("reported", "demanded", "offered", "promised", "agreed", "denied", "collapsed"):
        yield one(f"stage {stage}", of_kind("talks", stage=stage))
    for form in ("pardon", "amnesty", "sentence_served", "parole", "exchange", "deportation",
                 "acquittal", "other"):
        yield one(f"form {form}", event(form=form))

    two = [event(), of_kind("talks", id="2")]
    yield {"name": "an array of two", "bytes": pack(two), "events": [view(e) for e in two]}
    yield {"name": "an array of none", "bytes": b"\x90", "events": []}
    yield {"name": "array32 and map32 heads", "events": [view(BASE)],
           "bytes": b"\xdd\0\0\0\1\xdf\0\0\0\4" + pack(BASE)[1:]}
    yield {"name": "str8, str16 and str32", "events": [view(event(title="t", url="u"))],
           "bytes": b"\x86" + pack(BASE)[1:] + b"\xd9\5title\xdb\0\0\0\1t" + b"\xda\0\3url\xd9\1u"}
    for name, count in (("uint8", b"\xcc\5"), ("uint16", b"\xcd\0\5"), ("uint32", b"\xce\0\0\0\5"),
                        ("uint64", b"\xcf\0\0\0\0\0\0\0\5"), ("int8", b"\xd0\5"),
                        ("int16", b"\xd1\0\5"), ("int32", b"\xd2\0\0\0\5"),
                        ("int64", b"\xd3\0\0\0\0\0\0\0\5")):
        yield one(f"count as {name}", event(count=Raw(count)), count=5)
    yield one("the greatest count", event(count=2**63 - 1))
    yield one("count 0", event(count=0))

    for name, value, meant in (
            ("timestamp 32", stamp32(1750464000), date(1750464000, "instant")),
            ("timestamp 64", stamp64(1750464000, 999999999), date(1750464000, "instant", ns=999999999)),
            ("timestamp 96", stamp96(-DAY, 1), date(-DAY, "instant", ns=1)),
            ("Unix seconds", 1750464000, date(1750464000, "instant")),
            ("Unix seconds before 1970", -1, date(-1, "instant")),
            ("Unix seconds as a float", 1750464000.5, date(1750464000, "instant", ns=500000000)),
            ("float of 32 bits", Raw(b"\xca" + struct.pack(">f", 1.5)), date(1, "instant", ns=500000000)),
            ("the first second", -2208988800, date(-2208988800, "instant")),
            ("a day", "2024-02-29", date(1709164800, "day")),
            ("a vague day", "2025-05-10~", date(1746835200, "day", True)),
            ("a month", "2024-07", date(1719792000, "month")),
            ("a vague month", "2024-07~", date(1719792000, "month", True)),
            ("a year", "2024", date(1704067200, "year"))):
        yield one(f"occurred_at: {name}", event(occurred_at=value), occurred_at=meant)

    yield one("nil is an absent key", event(title=None, status=None), title=None, status="announced")
    yield {"name": "unknown keys are kept",
           "bytes": pack(event(weather={"a": [1, None, 2.5, True, b"\0", -1]})),
           "events": [view(BASE)]}
    yield {"name": "a key of another kind is passed over",
           "bytes": pack(of_kind("feed", count="many", status=7)),
           "events": [view(of_kind("feed"))]}
    yield one("the longest id", event(id="i" * 128))
    yield one("the longest text", event(title="t" * 4096))
    yield one("the longest list of ids",
              event(persons=[{"ids": [f"x:{n}" for n in range(64)]}]))
    yield one("the longest list of persons", event(persons=[{"name": "p"}] * 1000))
    yield {"name": "the deepest nesting", "bytes": pack(event(deep=nested(7))),
           "events": [view(BASE)]}
    for key in ("id", "source", "producer"):
        yield one(f"{key}: a blank", event(**{key: " "}))
    yield one("revises: a blank", event(revises=" "))
    yield one("a name and ids that nearly say nothing", event(
        incident="shared: x", persons=[{"name": "?", "ids": ["0", "-1", "\u00a0é", "nano", "nul", "none-1", "ı", "—–ж"]}]))
    yield one("title and note: a blank", event(title=" ", note=" "))
    yield one("text of many scripts", event(title="Сяргей Ціханоўскі — 釋放 🕊", note="é\u00a0ß"))


# What a key takes, by the kind that is asked for it; every other type is wrong for it.
TEXT_KEYS = {"id": "release", "source": "release", "attributed_to": "release",
             "revises": "release", "retracts": "retraction", "incident": "release",
             "part": "release", "category": "tally", "destination": "release",
             "authority": "sanction", "program": "sanction", "sector": "sanction",
             "title": "release", "note": "release", "url": "release", "producer": "release",
             "country": "release"}
WORD_KEYS = {"kind": "release", "status": "release", "count_is": "release", "covers": "release",
             "of": "tally", "form": "release", "action": "sanction", "state": "feed",
             "stage": "talks"}
UINT_KEYS = {"count": "release", "expected_count": "talks", "producer_seq": "release"}
DATE_KEYS = {"occurred_at": "release", "reported_at": "release", "since": "tally",
             "expires_at": "sanction", "expected_by": "talks"}
LIST_KEYS = {"persons": "release", "targets": "sanction", "parties": "talks"}

OF_TYPE = {  # a value of each type, and how a refusal calls it
    "true": (True, "true"), "a number": (7, "7"), "a negative number": (-7, "-7"),
    "a float": (1.5, "float 1.5"), "a str": ("x y", '"x y"'), "a bin": (b"ab", "a binary of 2"),
    "an array": ([1], "an array of 1"), "a map": ({"a": 1}, "a map of 1"),
    "an ext": (ext(5, b"a"), "an ext of type 5"),
}
NO_NUMBER = {"NaN": float("nan"), "infinity": float("inf"), "minus infinity": float("-inf")}


NAME_KEYS = {"attributed_to": "feed", "incident": "release", "destination": "release", "authority": "sanction",
             "program": "sanction", "sector": "sanction", "category": "tally"}
BLANKS = {"a blank": " ", "blanks": "   ", "a no-break space": "\u00a0", "a zero-width space": "\u200b",
          "a byte order mark": "\ufeff", "an ideographic space": "\u3000", "a soft hyphen": "\u00ad",
          "marks of direction": "\u061c\u202e \u2066", "a tag": "\U000e0020"}


def invalid_events():
    """(name, bytes, code, field, found): found is in the text of the refusal."""

    def bad(name, made, code, field, found=""):
        return {"name": name, "bytes": made if isinstance(made, bytes) else pack(made),
                "code": code, "field": field, "found": found}

    fine = pack(BASE)
    # not MessagePack, or not whole
    yield bad("nothing", b"", "malformed", "message")
    yield bad("the byte that begins no value", b"\xc1", "malformed", "message", "0xc1")
    for name, value in (("nil", None), ("a number", 7), ("a str", "hello"), ("a bin", pack(b"a")),
                        ("true", True), ("a float", 1.5), ("an ext", ext(5, b"a"))):
        yield bad(f"{name} for a message", value, "malformed", "message")
    yield bad("trailing bytes", fine + b"\0", "malformed", "message", f"from byte {len(fine)}")
    for at in range(1, len(fine)):
        yield bad(f"cut at byte {at}", fine[:at], "malformed", "message")
    for name, data in (("array16", b"\xdc\xff\xff"), ("array32", b"\xdd\xff\xff\xff\xff"),
                       ("map16", b"\xde\xff\xff"), ("map32", b"\xdf\xff\xff\xff\xff"),
                       ("fixmap", b"\x8f\xa1a"), ("fixarray", b"\x9f\x80")):
        yield bad(f"a count of {name} that cannot fit", data, "malformed", "message", "count")
    for name, data in (("str32", b"\xdb\xff\xff\xff\xff"), ("bin32", b"\xc6\xff\xff\xff\xff"),
                       ("ext32", b"\xc9\xff\xff\xff\xff\1"), ("str8", b"\xd9"),
                       ("float64", b"\xcb\0"), ("uint64", b"\xcf\0\0")):
        yield bad(f"{name} beyond the end", b"\x81\xa1a" + data, "malformed", "message")
    yield bad("arrays within each other without end", b"\xdd\0\xff\xff\xff" * 8, "malformed", "message")
    yield bad("nesting of 9", event(deep=nested(8)), "limit", "message", "more than 8")
    yield bad("nesting of 40", event(deep=nested(40)), "limit", "message", "more than 8")
    yield bad("10 001 events", b"\xdc" + struct.pack(">H", 10001) + b"\x80" * 10001, "limit",
              "message", "10001 events")
    # an event that is no event
    for name, value in (("nil", None), ("a number", 7), ("a str", "x"), ("an array", [])):
        yield bad(f"{name} for an event", [value], "malformed", "event")
    yield bad("an empty map", {}, "invalid", "kind", "nothing")
    for kind, more in ABOUT.items():
        for key in list(BASE) + list(more):
            yield bad(f"{kind} without {key}", without(of_kind(kind), key), "invalid", key, "nothing")
    # keys
    yield bad("a key twice", Pairs(list(BASE.items()) + [("id", "1")]), "malformed", "event", '"id" twice')
    yield bad("an optional key twice", Pairs(list(BASE.items()) + [("note", "a")] * 2), "malformed",
              "event", '"note" twice')
    yield bad("an unknown key twice", Pairs(list(BASE.items()) + [("x", 1), ("x", 2)]), "malformed",
              "event", '"x" twice')
    yield bad("a key twice in a map within", event(x=Pairs([("a", 1), ("a", 1)])), "malformed", "x",
              '"a" twice')
    yield bad("name twice", event(persons=[Pairs([("name", "a"), ("name", "b")])]), "malformed",
              "persons[0]", '"name" twice')
    for name, key in (("a number", 1), ("nil", None), ("a bin", b"id"), ("an array", [1])):
        yield bad(f"{name} for a key", Pairs(list(BASE.items()) + [(key, 1)]), "malformed", "event",
                  "expected a str")
    yield bad("a key of 129 bytes", event(**{"k" * 129: 1}), "too-large", "event", "129")
    yield bad("a key that is not UTF-8", Pairs(list(BASE.items()) + [(Raw(b"\xa1\xff"), 1)]),
              "malformed", "event", "UTF-8")
    yield bad("a key with a NUL", event(**{"a\0b": 1}), "malformed", "event", "control")
    yield bad("65 unknown keys", event(**{f"x{n}": n for n in range(65)}), "limit", "event", "64")
    # types
    for keys, right in ((TEXT_KEYS, ("a str",)), (WORD_KEYS, ()),
                        (UINT_KEYS, ("a number",)),
                        (DATE_KEYS, ("a number", "a negative number", "a float")),
                        (LIST_KEYS, ("an array",))):
        for key, kind in keys.items():
            for name, (value, found) in OF_TYPE.items():
                if name not in right:
                    yield bad(f"{key}: {name}", of_kind(kind, **{key: value}), "invalid", key, found)
    # numbers
    for key, kind in UINT_KEYS.items():
        for value in (-1, 2**63, 2**64 - 1):
            yield bad(f"{key}: {value}", of_kind(kind, **{key: value}), "invalid", key, str(value))
        for name, value in NO_NUMBER.items():
            yield bad(f"{key}: {name}", of_kind(kind, **{key: value}), "invalid", key, "float")
    for name, value in NO_NUMBER.items():
        yield bad(f"{name} under an unknown key", event(x=value), "invalid", "x", "float")
        yield bad(f"{name} deep under an unknown key", event(x=[{"a": value}]), "invalid", "x", "float")
        yield bad(f"{name} under a key of another kind", of_kind("feed", count=value), "invalid",
                  "count", "float")
    # dates
    for key, kind in DATE_KEYS.items():
        for value in ("", "yesterday", "2025-13", "2025-02-30", "2023-02-29", "2025-1-1", "25",
                      "20250101", "2025-06-21~~", "2025-06-21T10:00:00", "2025-06-21 10:00:00Z",
                      "2025-06-21T24:00:00Z", "2025-06-21T10:00:00+25:00", "2025-06-21T10:00:00Z~",
                      "1899", "2201", "1899-12-31T23:59:59Z",
                      "2025-06-21T10:00:00.1234567891Z"):
            yield bad(f"{key}: {value!r}", of_kind(kind, **{key: value}), "invalid", key, value[:20])
        for name, value in (("before 1900", -2208988801), ("after 2200", 7289654400),
                            ("the greatest", 2**64 - 1), ("the least", -2**63),
                            ("a float before 1900", -2.3e9), ("a great float", 1e300),
                            ("timestamp 96 after 2200", stamp96(7289654400, 0)),
                            ("a timestamp of 10^9 ns", stamp64(0, 10**9)),
                            ("a timestamp 96 of 10^9 ns", stamp96(0, 10**9)),
                            ("a timestamp of 5 bytes", ext(-1, b"12345"))):
            yield bad(f"{key}: {name}", of_kind(kind, **{key: value}), "invalid", key)
        for name, value in NO_NUMBER.items():
            yield bad(f"{key}: {name}", of_kind(kind, **{key: value}), "invalid", key, "float")
    for key in ("occurred_at", "reported_at"):
        for value in ("2200", "2200-12-31T23:59:59Z", 7289654399, "2200-01-01~"):
            yield bad(f"{key} in the future: {value}", event(**{key: value}), "future", key, "2200")
    # texts
    for key, kind in TEXT_KEYS.items():
        if key == "country":
            continue
        long = key in ("title", "note", "url")
        most = 4096 if long else 128
        value = "a=" + "b" * (most - 1) if key == "part" else "t" * (most + 1)
        covers = {"covers": "part"} if key == "part" else {}
        yield bad(f"{key} of {most + 1} bytes", of_kind(kind, **{key: value}, **covers), "too-large",
                  key, str(most + 1))
        yield bad(f"{key} of {most + 1} bytes in wide letters",
                  of_kind(kind, **{key: "ж" * (most // 2) + "t"}), "too-large", key, str(most + 1))
        if not long:
            yield bad(f"{key}: empty", of_kind(kind, **{key: ""}), "invalid", key, '""')
        for name, data in (("a lone byte", b"a\xff"), ("a cut letter", b"a\xd0"),
                           ("an overlong letter", b"a\xc0\xaf"), ("a surrogate", b"a\xed\xa0\x80"),
                           ("above U+10FFFF", b"a\xf4\x90\x80\x80")):
            value = Raw(bytes([0xa0 | len(data)]) + data)
            yield bad(f"{key}: {name}", of_kind(kind, **{key: value}), "malformed", key, "UTF-8")
        for name, value in (("NUL", "a\0b"), ("bell", "a\ab"), ("escape", "a\x1bb"), ("DEL", "a\x7fb"),
                            ("a C1 control", "a\u0085b"), ("carriage return", "a\rb")):
            yield bad(f"{key} with {name}", of_kind(kind, **{key: value}), "invalid", key, "control")
        if key != "note":
            for name, value in (("a tab", "a\tb"), ("a newline", "a\nb")):
                yield bad(f"{key} with {name}", of_kind(kind, **{key: value}), "invalid", key, "control")
    for value in ("", "B", "BYR", "by", "bY", "B1", "Бы"):
        yield bad(f"country: {value!r}", event(country=value), "invalid", "country", f'"{value}"')
    for value in ("x", "=", "x=", "=y"):
        yield bad(f"part: {value!r}", event(covers="part", part=value), "invalid", "part", f'"{value}"')
    for value in (" = ", "a= ", "\u00a0=b"):
        yield bad(f"part: {value!r}", event(covers="part", part=value), "invalid", "part", "blank")
    # names of nothing
    for key, kind in NAME_KEYS.items():
        for name, value in BLANKS.items():
            yield bad(f"{key}: {name}", of_kind(kind, **{key: value}), "invalid", key, "blank")
    for value in ("shared:", "shared: ", "shared:\u200b"):
        yield bad(f"incident: {value!r}", event(incident=value), "invalid", "incident", "shared:")
    for key, kind in WORD_KEYS.items():
        for value in ("", "Release", "none", "released " * 8):
            yield bad(f"{key}: {value!r}", of_kind(kind, **{key: value}), "invalid", key, value[:20])
        yield bad(f"{key}: not UTF-8", of_kind(kind, **{key: Raw(b"\xa2\xc3\x28")}), "malformed", key, "UTF-8")
    # keys that need one another
    yield bad("count_is without count", event(count_is="about"), "invalid", "count_is", "about")
    yield bad("covers part without part", event(covers="part"), "invalid", "part", "nothing")
    yield bad("part without covers", event(part="a=b"), "invalid", "part", "event")
    yield bad("part with covers wider", event(part="a=b", covers="wider"), "invalid", "part", "wider")
    # lists
    yield bad("1001 persons", event(persons=[{"name": "p"}] * 1001), "limit", "persons", "1001")
    yield bad("1001 targets", of_kind("sanction", targets=[{"name": "p"}] * 1001), "limit", "targets", "1001")
    yield bad("65 parties", of_kind("talks", parties=["p"] * 65), "limit", "parties", "65")
    yield bad("65 ids", event(persons=[{"ids": ["x"] * 65}]), "limit", "persons[0].ids", "65")
    for key, kind in (("persons", "release"), ("targets", "sanction")):
        for name, value, code, field in (
                ("a str in it", "x", "invalid", "[1]"), ("nil in it", None, "invalid", "[1]"),
                ("neither name nor ids", {"x": 1}, "invalid", "[1]"),
                ("name: a number", {"name": 1}, "invalid", "[1].name"),
                ("name: empty", {"name": ""}, "invalid", "[1].name"),
                ("name: 4097 bytes", {"name": "n" * 4097}, "too-large", "[1].name"),
                ("name: a newline", {"name": "a\nb"}, "invalid", "[1].name"),
                ("name: not UTF-8", {"name": Raw(b"\xa1\xff")}, "malformed", "[1].name"),
                ("ids: a str", {"ids": "x"}, "invalid", "[1].ids"),
                ("ids: a number in it", {"ids": ["a", 1]}, "invalid", "[1].ids[1]"),
                ("ids: an empty one", {"ids": [""]}, "invalid", "[1].ids[0]"),
                *((f"name: {name}", {"name": value}, "invalid", "[1].name") for name, value in BLANKS.items()),
                *((f"ids: {name}", {"ids": ["x", value]}, "invalid", "[1].ids[1]")
                  for name, value in BLANKS.items()),
                *((f"ids: {value!r}", {"name": "b", "ids": [value]}, "invalid", "[1].ids[0]")
                  for value in ("-", "--", "?", "...", "—", "n/a", "N/A", "NA", "nan", "NaN", "nil", "None",
                                "NULL", "undefined", "Unknown")),
                ("ids: 129 bytes", {"ids": ["i" * 129]}, "too-large", "[1].ids[0]"),
                ("NaN under an unknown key", {"name": "a", "x": float("nan")}, "invalid", "[1]")):
            yield bad(f"{key}: {name}", of_kind(kind, **{key: [{"name": "a"}, value]}), code, key + field)
    yield bad("targets: type: a number", of_kind("sanction", targets=[{"name": "a", "type": 1}]),
              "invalid", "targets[0].type", "1")
    yield bad("parties: a number in it", of_kind("talks", parties=["a", 1]), "invalid", "parties[1]", "1")
    yield bad("targets: type: a blank", of_kind("sanction", targets=[{"name": "a", "type": " "}]),
              "invalid", "targets[0].type", "blank")
    yield bad("parties: a blank", of_kind("talks", parties=["a", " "]), "invalid", "parties[1]", "blank")
    yield bad("parties: an empty one", of_kind("talks", parties=[""]), "invalid", "parties[0]", '""')


# ---- dates, alerts, beats ---------------------------------------------------------------------

def dates():
    """(text, start, end) as Unix seconds of the interval; ns where that is not whole."""
    for text, start, end in (
            ("2025-12-13", 1765584000, 1765670400), ("2025-12", 1764547200, 1767225600),
            ("2025", 1735689600, 1767225600), ("2024-02", 1706745600, 1709251200),
            ("2025-05-10~", 1746835200 - 14 * DAY, 1746835200 + 15 * DAY),
            ("2024-07~", 1717200000, 1725148800), ("2024~", 1672531200, 1767225600),
            ("2024-12~", 1730419200, 1738368000), ("2024-01~", 1701388800, 1709251200),
            ("1900", -2208988800, -2177452800), ("2200-12-31", 7289568000, 7289654400)):
        yield {"text": text, "start_ns": str(start * 10**9), "end_ns": str(end * 10**9)}
    for text, seconds, ns in (
            ("2025-12-13T10:00:00Z", 1765620000, 0), ("2025-12-13t10:00:00z", 1765620000, 0),
            ("2025-12-13T10:00:00+01:00", 1765616400, 0), ("2025-12-13T10:00:00-05:30", 1765639800, 0),
            ("2025-12-13T10:00:00.5Z", 1765620000, 500000000),
            ("2025-12-13T10:00:00.000000001Z", 1765620000, 1),
            ("1969-12-31T23:59:59.999999999Z", -1, 999999999)):
        at = seconds * 10**9 + ns
        yield {"text": text, "start_ns": str(at), "end_ns": str(at + 1)}


def alerts():
    whole = {"epoch": "a8dda4ccc9bb47b4a2d05e3c0e1e517d", "seq": 300, "id": "mass-release:BY:2",
             "rev": 2, "state": "firing", "rule": "mass-release", "rule_version": "beb0d738222c5cb7",
             "severity": "warning", "title": "BY: 52 freed", "labels": {"desk": "east"},
             "country": "BY", "group": {"country": "BY"}, "values": {"freed.sum": 52},
             "since": stamp32(1757548800), "at": stamp64(1757548800, 5),
             "facts": ["release-BY-b90c80907cb6593f"],
             "reports": [{"source": "outlet", "id": "e1"}], "sources": ["outlet"]}
    times = {"since": str(1757548800 * 10**9), "at": str(1757548800 * 10**9 + 5)}
    yield {"name": "firing", "topic": "alert.BY.mass-release.", "bytes": pack(whole),
           "alert": dict(whole, **times)}
    gone = dict(whole, seq=301, rev=3, state="withdrawn", because=[{"source": "outlet", "id": "e2"}])
    yield {"name": "withdrawn", "topic": "alert.BY.mass-release.", "bytes": pack(gone),
           "alert": dict(gone, **times)}
    bare = dict(whole, seq=1, rev=1, state="resolved", id="total::1", rule="total", country="",
                labels={}, group={}, values={}, facts=[], reports=[], sources=[])
    yield {"name": "of no country, resolved", "topic": "alert.-.total.", "bytes": pack(bare),
           "alert": dict(bare, **times)}


def bad_alerts():
    whole = {"epoch": "e", "seq": 1, "id": "r::1", "rev": 1, "state": "firing", "rule": "r",
             "at": stamp32(0)}
    for key in whole:
        yield {"name": f"without {key}", "bytes": pack(without(whole, key))}
    for key, value in (("seq", "1"), ("seq", -1), ("state", "burning"), ("state", "pending"),
                       ("at", "yesterday"), ("facts", "f"), ("facts", [1]), ("reports", [{}]),
                       ("labels", []), ("id", 7)):
        yield {"name": f"{key}: {value!r}", "bytes": pack(dict(whole, **{key: value}))}
    yield {"name": "no map", "bytes": b"\x90"}
    yield {"name": "nothing", "bytes": b""}
    yield {"name": "trailing bytes", "bytes": pack(whole) + b"\0"}


def beats():
    for seq in (0, 1, 2**63 - 1):
        made = {"epoch": "a8dda4ccc9bb47b4a2d05e3c0e1e517d", "seq": seq, "at": stamp64(1757548800, 7)}
        yield {"name": f"beat {seq}", "topic": "beat", "bytes": pack(made),
               "beat": dict(made, at=str(1757548800 * 10**9 + 7), seq=str(seq))}


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k != "bytes"} | (
            {"hex": value["bytes"].hex()} if "bytes" in value else {})
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def write(name, about, vectors):
    vectors = [plain(v) for v in vectors]
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as f:
        f.write('{"about": %s,\n"vectors": [\n' % json.dumps(about))
        f.write(",\n".join(json.dumps(v, ensure_ascii=False) for v in vectors))
        f.write("\n]}\n")
    return len(vectors)


def main():
    for name, about, vectors in (
            ("valid.json", "bodies of events and publish that are valid", valid_events()),
            ("invalid.json", "bodies of events and publish that are refused", invalid_events()),
            ("dates.json", "dates as texts and the intervals they stand for", dates()),
            ("alerts.json", "bodies of alerts", alerts()),
            ("bad_alerts.json", "bodies that are no alerts", bad_alerts()),
            ("beats.json", "bodies of beats", beats())):
        print(name, write(name, about, vectors))


if __name__ == "__main__":
    main()
