#!/usr/bin/env python3
"""The manual pages against the programs and the code: test_pages.py THAW THAWD SOURCE

Each page renders without a warning; verbs, options, configuration keys, error codes, fields of the
journal and ids of the catalog are the same in the pages and in the code. Exit status 77 where there
is no man(1)."""
import pathlib
import re
import shutil
import subprocess
import sys

thaw, thawd, source = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
failures = []


def expect(true, text):
    if not true:
        failures.append(text)


def same(what, found, expected):
    expect(found == expected, f"{what}: missing {sorted(expected - found)}, too many {sorted(found - expected)}")
    expect(expected, f"{what}: nothing was found to compare")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout


def plain(page):
    """The text of a page without its escapes."""
    text = re.sub(r"\\f[BIRP]", "", page.read_text())
    return text.replace("\\-", "-").replace("\\e", "\\")


def section(page, name):
    found = re.search(rf'^\.SH "?{name}"?\n(.*?)(?=^\.SH|\Z)', plain(page), re.M | re.S)
    return found.group(1) if found else ""


def options_of(text):
    return set(re.findall(r"(?<![\w-])--([a-z][a-z-]*)", text))


def help_options(text):
    return set(re.findall(r"^ +(?:-\w, +)?--([a-z][a-z-]*)", text, re.M))


def tagged(text):
    """What stands in the line after each .TP: the options of a list of them."""
    return options_of("\n".join(re.findall(r"^\.TP.*\n(.*)$", text, re.M)))


pages = sorted(p for p in source.rglob("*.[1-8]") if "build" not in p.parts and p.read_text().lstrip("'\\\" t\n").startswith(".TH"))
expect(len(pages) > 10, f"found only {len(pages)} pages")


def check_rendering():
    for page in pages:
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(page)],
                              capture_output=True, text=True, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "MANWIDTH": "80"})
        expect(done.returncode == 0 and not done.stderr, f"{page.name} does not render cleanly: {done.stderr.strip()}")
    names = {p.name for p in pages}
    for page in pages:
        for name, number in re.findall(r"^\.BR ((?:lib)?thaw[\w.-]*) \((\d)\)", plain(page), re.M):
            expect(f"{name}.{number}" in names, f"{page.name} refers to {name}({number}), which is not there")


def check_sections():
    """A section that is named, as in "thaw-runbook(7), DISK FULL", is there."""
    sections = {p.name: set(re.findall(r'^\.S[HS] "?([^"\n]*)', plain(p), re.M)) for p in pages}
    named = 0
    for file in [*pages, source / "systemd/thawd.catalog", source / "systemd/thawd.yaml"]:
        for name, number, section_of in re.findall(r"(thawd?[\w.-]*) ?\((\d)\)[,;]?\s+#? *([A-Z][A-Z ]{3,})\b", plain(file)):
            named += 1
            expect(section_of.strip() in sections.get(f"{name}.{number}", ()),
                   f"{file.name} names {section_of.strip()} of {name}({number}), which is not there")
    expect(named > 5, f"found only {named} names of sections")


def check_verbs():
    folder = source / "clients/man"
    verbs = set(re.findall(r"^  ([a-z]+) ", run(thaw, "--help"), re.M))
    same("pages of the verbs", {p.stem.removeprefix("thaw-") for p in folder.glob("thaw-*.1")}, verbs)
    same("verbs in thaw(1)", set(re.findall(r"thaw-([a-z]+) \(1\)", section(folder / "thaw.1", "VERBS"))), verbs)
    common = tagged(section(folder / "thaw.1", "OPTIONS"))
    for verb in sorted(verbs):
        page = folder / f"thaw-{verb}.1"
        if not page.exists():
            continue
        offered, told = help_options(run(thaw, verb, "--help")), tagged(section(page, "OPTIONS"))
        for part in {"rules": ["check", "test"]}.get(verb, []):
            offered |= help_options(run(thaw, verb, part, "--help"))
        told |= common & offered  # those that talk to thawd are in thaw(1)
        same(f"options in {page.name}", told, offered)


def check_daemon():
    same("options in thawd.8", tagged(section(source / "daemon/thawd.8", "OPTIONS")), help_options(run(thawd, "--help")))
    table = re.search(r"static const config_key keys\[\] = \{(.*?)\n\};", (source / "daemon/config/config.c").read_text(), re.S).group(1)
    same("keys in thawd.yaml.5", set(re.findall(r"^\.TP\n(?:\.BR )?([a-z.]+) ", plain(source / "daemon/thawd.yaml.5"), re.M)),
         set(re.findall(r'\{"([a-z.]+)"', table)))
    codes = re.findall(r'\[THAW_\w+\] = "([a-z-]+)"', (source / "proto/src/error.c").read_text())
    same("codes in thaw-protocol.7", set(re.findall(r"^\.TP\n\.B ([a-z-]+)$", plain(source / "proto/thaw-protocol.7"), re.M)),
         set(codes) - {"ok"})
    same("fields in thawd.8", set(re.findall(r"THAW_[A-Z]+", section(source / "daemon/thawd.8", "JOURNAL"))),
         set(re.findall(r'"(THAW_[A-Z]+)"', (source / "daemon/log.c").read_text())))


def check_promises():
    """Each line of the tables of what is promised names tests, and they are there."""
    folders = {"unit": "", "durability": "durability_", "e2e": "e2e_"}
    tests = {prefix + (p.stem.removeprefix("test_") if prefix else p.stem)
             for folder, prefix in folders.items() for p in (source / "tests" / folder).glob("test_*.*") if p.suffix in (".c", ".py")}
    rows = section(source / "daemon/thawd.8", "PROMISES").split("T}\nT{")
    rows += re.findall(r"^\| .* \|$", (source / "daemon/journal/JOURNAL.md").read_text().split("## What is promised")[1], re.M)[1:]
    expect(len(rows) > 20, f"found only {len(rows)} promises")
    for row in rows:
        named = set(re.findall(r"\b(?:test|durability|e2e)_\w+", row))
        expect(named, f"no test is named for the promise: {row[:60]}")
        expect(named <= tests, f"tests that are not there: {sorted(named - tests)}")


def check_library():
    """Every name that libthaw gives out stands in its page, and no other."""
    header = (source / "proto/include/thaw.h").read_text().replace("\n", " ")
    given = {re.search(r"(thaw_\w+)$", part.split("(")[0].strip()).group(1)
             for part in re.findall(r"THAW_API (?!__attribute__)([^;]*);", header)}
    same("names of libthaw", set(re.findall(r"\bthaw_\w+", section(source / "proto/libthaw.3", "DESCRIPTION").split(".SS The functions")[1])),
         given)


def check_fields():
    """Each field of a fact stands in thaw-rules(5), under its kind and with its type."""
    rows = re.findall(r'^    \{([A-Z |]+), "(\w+)", FIELD_\w+, FACT_(\w+)\}', (source / "daemon/engine/facts/fields/fields.c").read_text(), re.M)
    text = section(source / "daemon/rules/thaw-rules.5", "FIELDS")
    every, *lines = [(kinds, set(fields.split())) for kinds, fields in re.findall(r"^\.TP\n(.+)\n([^.].*)$", text, re.M)]
    groups = {"release": "COUNTED", "detention": "COUNTED"}
    for kinds, told in lines[:-1]:  # the last is report: the keys of the event
        for kind in kinds.split(", "):
            of = {groups.get(kind, kind.upper()), "DERIVED"}
            if kind in ("release", "detention", "sanction", "talks"):
                of.add("INCIDENTS")
            same(f"fields of {kind}", told | every[1], {name for flags, name, _ in rows if of & set(flags.split(" | "))})
    prose = text.split(".PP", 1)[1]
    for what, found, kind in (("lists", re.search(r"are bool; ([^:]+) are lists", prose.replace("\n", " ")), "STRINGS"),
                              ("bools", re.search(r"; (late[^;]+) are bool", prose.replace("\n", " ")), "BOOL")):
        same(f"{what} among the fields", set(re.findall(r"\w+", found.group(1))) - {"and"} if found else set(),
             {name for _, name, field in rows if field == kind})


def check_messages():
    header = (source / "daemon/message_ids.h").read_text()
    ids = re.findall(r'X\((\w+), "([0-9a-f]{32})"', header)
    catalog = (source / "systemd/thawd.catalog").read_text()
    same("ids in the catalog", set(re.findall(r"^-- ([0-9a-f]{32})$", catalog, re.M)), {number for _, number in ids})
    expect(len({number for _, number in ids}) == len(ids), "an id is used twice")
    code = "\n".join(p.read_text() for p in (source / "daemon").rglob("*.c"))
    for name, _ in ids:
        expect(f"SAY_{name}" in code, f"no code says {name}")
    for entry in re.split(r"^-- ", catalog, flags=re.M)[1:]:
        expect(re.search(r"^Subject: .+\n(?:\w[\w-]*: .+\n)+\n.{40,}", entry, re.M | re.S), f"the catalog says too little of {entry[:32]}")


if not shutil.which("man"):
    print("SKIPPED: man is not installed (tests/packages.txt)")
    sys.exit(77)
check_rendering()
check_sections()
check_verbs()
check_daemon()
check_promises()
check_library()
check_fields()
check_messages()
for text in failures:
    print("FAILED:", text)
sys.exit(bool(failures))
