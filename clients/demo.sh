#!/bin/bash
# Shows what thawd does, on twenty months of real reports about Belarus: installs what is missing
# (Debian), builds, starts thawd in a private folder, publishes the reports month by month, shows
# the alerts as they come and the ledger at the end, and stops thawd. Only build/ stays.
#
#   clients/demo.sh           builds into build/demo
#   clients/demo.sh BUILD     uses the programs of a build that is there: build/release
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -le 1 ] && [ "${1:-}" != "--help" ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
build=${1:-}

bold="" dim="" plain=""
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
    export CLICOLOR_FORCE=1
fi
say() { printf '%s\n' "$*"; }
heading() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

folder="" daemon="" follower=""
# Ends what this script started, and takes its folder away.
clean_up() {
    local process
    for process in $follower $daemon; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    follower="" daemon=""
    [ -z "$folder" ] || rm -rf "$folder"
    folder=""
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

fail() {
    say "demo: $*" >&2
    [ ! -s "$folder/log" ] || sed 's/^/  /' "$folder/log" >&2
    exit 1
}

build_programs() {
    tests/install.sh build
    say "building (a minute or two the first time) ..."
    { cmake --preset demo && cmake --build --preset demo; } >"$folder/log" 2>&1 ||
        fail "the build failed:"
    build=build/demo
}

# The addresses of sockets may not be long.
parent=${TMPDIR:-/tmp}
[ ${#parent} -le 60 ] || parent=/tmp
folder=$(mktemp -d "$parent/thaw-demo.XXXXXX")
[ -n "$build" ] || build_programs
thawd=$build/daemon/thawd
thaw() { "$build/clients/thaw" "$@"; }
[ -x "$thawd" ] || fail "there is no $thawd; without an argument this script builds it"

export THAW_SERVICE=ipc://$folder/service THAW_ALERTS=ipc://$folder/alerts THAW_EVENTS=ipc://$folder/events
unset THAW_SERVER_KEY THAW_KEY
mkdir "$folder/state" "$folder/months"
cat >"$folder/thawd.yaml" <<END
state: $folder/state
rules: [$(printf '"%s", ' "$PWD"/daemon/rules/{releases,sanctions,talks,rumours,disagreements})]
clock: reported      # time is what the reports say, so that two years pass in seconds
events:  {bind: ["$THAW_EVENTS"]}
service: {bind: ["$THAW_SERVICE"]}
alerts:  {bind: ["$THAW_ALERTS"]}
END

last_alert() { # the number of the last alert that thawd has given out
    [[ $(thaw status --json) =~ [,{]\"seq\":([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

"$thawd" --config "$folder/thawd.yaml" >"$folder/log" 2>&1 &
daemon=$!
for _ in $(seq 60); do
    thaw status --timeout 1 >/dev/null 2>&1 && break
    kill -0 "$daemon" 2>/dev/null || fail "thawd ended:"
done
thaw status >/dev/null || fail "thawd does not answer:"
"$build/clients/thaw" tail --from beginning >"$folder/alerts.txt" 2>"$folder/tail.txt" &
follower=$!

# Shows the alerts that thawd has numbered up to now, once the follower has them.
shown=0
show_alerts() { # HEADING
    local head alerts=()
    head=$(last_alert)
    [ "$head" -gt "$shown" ] || return 0
    for _ in {1..600}; do
        mapfile -t -s "$shown" alerts <"$folder/alerts.txt"
        [ ${#alerts[@]} -lt $((head - shown)) ] || break
        kill -0 "$follower" 2>/dev/null || fail "thaw tail ended: $(cat "$folder/tail.txt")"
        sleep 0.1
    done
    heading "$1"
    printf '%s\n' "${alerts[@]}"
    shown=$head
}

python3 clients/demo/convert.py --months "$folder/months"
reports=$(cat "$folder"/months/* | wc -l)
heading "Reports are not facts"
say "$reports reports by news agencies, officials and rights groups, in the order in which they"
say "appeared. thawd works out which of them tell of the same happening, how many people it freed,"
say "and tells whoever asked. A line is an alert: the day, its state, how serious it is, what it says."
say "${dim}The questions behind the alerts: daemon/rules${plain}"
for file in "$folder"/months/*.jsonl; do
    month=${file##*/}
    mapfile -t lines <"$file"
    thaw pub --quiet "$file" || fail "reports of $month were refused"
    show_alerts "${month%.jsonl}  $dim${#lines[@]} reports"
done

heading "The ledger at the end: what thawd holds to be the case"
thaw state | sed -n '2,$s/^\(..\).*/\1/p' | while read -r country; do
    say
    thaw state "$country"
done

heading "Why?"
say "Every alert explains itself down to the reports, for instance the last mass release:"
say
why=$(grep -o 'mass-release:[^, ]*' "$folder/alerts.txt" | tail -n 1)
thaw explain "$why" | sed -n '1,40p'

clean_up
heading "Done: thawd is stopped, its folder is gone."
