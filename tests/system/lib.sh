# lib.sh - what the scenarios share; sourced, inside the box.
set -eu
export LC_ALL=C.UTF-8 SYSTEMD_PAGER= SYSTEMD_COLORS=0

# Of an instrumented build: LeakSanitizer traces its own process at the end, which the sandbox
# forbids, and the service would fail for that. Every other check of the sanitizers stays.
# ThreadSanitizer is told what it cannot see; the service may not read everything that is shown here.
cp "$THAW_SOURCE/tests/tsan.txt" /etc/thaw-tsan.txt
export ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=suppressions=/etc/thaw-tsan.txt
systemctl set-environment ASAN_OPTIONS=$ASAN_OPTIONS TSAN_OPTIONS=$TSAN_OPTIONS

say() { printf '== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*"; exit 1; }

# must WHAT COMMAND...: the command succeeds.
must() {
    local what=$1 output
    shift
    output=$("$@" 2>&1) || fail "$what
  command: $*
  output: $output"
}

# must_not WHAT COMMAND...: the command fails.
must_not() {
    local what=$1
    shift
    ! "$@" >/dev/null 2>&1 || fail "$what: succeeded: $*"
}

# wait_for WHAT COMMAND...: the command succeeds within a minute.
wait_for() {
    local what=$1 end=$((SECONDS + 60))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || fail "$what did not come about: $*"
        sleep 0.1
    done
}

# equal WHAT FOUND EXPECTED
equal() { [ "$2" = "$3" ] || fail "$1: found \"$2\", expected \"$3\""; }

# contains WHAT TEXT PART
contains() { case $2 in *"$3"*) ;; *) fail "$1: expected \"$3\" in: $2" ;; esac; }

# property UNIT NAME
property() { systemctl show --value --property "$2" "$1"; }
is_state() { [ "$(property "$1" ActiveState)" = "$2" ]; }

# The MESSAGE_ID of a kind, from the code itself.
message_id() { sed -n "s/^ *X($1, \"\([0-9a-f]*\)\".*/\1/p" "$THAW_SOURCE/daemon/message_ids.h"; }
# entries KIND [MATCH...]: how many entries of that kind the journal holds.
entries() {
    local id
    id=$(message_id "$1")
    shift
    [ -n "$id" ] || fail "no such kind of message"
    journalctl --sync
    journalctl --quiet -o cat MESSAGE_ID="$id" "$@" | wc -l
}
logged() { [ "$(entries "$@")" -gt 0 ]; }

# status_of KEY...: a value of `thaw status --json`, by its path.
status_of() {
    thaw status --json | python3 -c 'import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1:]:
    value = value[key]
print(value)' "$@"
}

# What `cmake --install` gives, and what the packages do after it.
install_files() {
    cp -a "$THAW_ROOT/." /
    ldconfig
}
install_thaw() {
    install_files
    systemd-sysusers thawd.conf
    systemd-tmpfiles --create thawd.conf
    journalctl --update-catalog
    systemctl daemon-reload
}

# release ID COUNT [COUNTRY]: a report of a release of COUNT people (in BY), as a line of JSON.
release() {
    printf '{"id":"%s","kind":"release","country":"'"${3:-BY}"'","source":"wire","occurred_at":"2025-12-13","reported_at":"2025-12-13T12:00:00Z","status":"confirmed","count":%d}\n' "$1" "$2"
}

# rule NAME LEAST: a rule file of that name, true for a country with a release of LEAST people.
rule() {
    cat >"/etc/thaw/rules.d/$1.yaml" <<YAML
rules:
  - rule: $1
    by: [country]
    select:
      freed: {kind: release, where: count >= $2}
    when: freed.count > 0
    severity: warning
    title: "{country}: {freed.sum} people are free"
YAML
}
rules_in_force() { thaw rules --json | grep -o '"rule": *"[a-z-]*"' | sed 's/.*"\([a-z-]*\)"$/\1/' | sort | tr '\n' ' '; }
