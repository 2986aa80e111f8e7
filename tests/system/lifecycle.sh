# Start, reload, restart with clients connected, crash and recovery, a second thawd.
. "$(dirname "$0")/lib.sh"
install_thaw
rule mass-release 10

say "start: ready only when everything is open"
must "the service starts" systemctl start thawd
equal "state" "$(property thawd SubState)" running
must "an answer right after the start" thaw status
logged READY || fail "READY is not in the journal"
logged RECOVERED || fail "RECOVERED is not in the journal"
contains "the living line" "$(property thawd StatusText)" "Reports 0, alerts firing 0"
equal "watchdog" "$(property thawd WatchdogUSec)" 30s

say "reports become durable and raise an alert"
release r1 52 | thaw pub -q
wait_for "the alert" logged ALERT_FIRING THAW_RULE=mass-release THAW_COUNTRY=BY
wait_for "the living line" eval 'property thawd StatusText | grep -q "Reports 1, alerts firing 1"'

say "reload with good rules"
rule huge-release 1000
must "reload" systemctl reload thawd
wait_for "the new rule" eval '[ "$(rules_in_force)" = "huge-release mass-release " ]'
logged RELOADED || fail "RELOADED is not in the journal"
logged RULE_CHANGED THAW_RULE=huge-release || fail "RULE_CHANGED is not in the journal"

say "reload with broken rules"
echo 'rules: [{rule: Broken}]' >/etc/thaw/rules.d/broken.yaml
systemctl reload thawd || true # systemd 252 cannot tell; the journal does
wait_for "RELOAD_FAILED" logged RELOAD_FAILED
equal "the old rules run on" "$(rules_in_force)" "huge-release mass-release "
equal "state" "$(property thawd ActiveState)" active
must_not "thaw reload tells of the error" thaw reload
rm /etc/thaw/rules.d/broken.yaml
must "reload by the client" thaw reload

say "restart with clients connected: a pause, not a refusal"
thaw tail --json --timeout 60 >/tmp/tail.jsonl 2>/tmp/tail.err &
tail=$!
wait_for "the subscriber" eval 'grep -q mass-release /tmp/tail.jsonl'
(for i in $(seq 1 200); do release "during-$i" 5 RU; sleep 0.01; done) |
    thaw pub -q --batch 1 --timeout 60 >/tmp/pub.out 2>&1 &
pub=$!
sleep 0.3
before=$(property thawd MainPID)
must "restart" systemctl restart thawd
must "a question at once" thaw status
[ "$(property thawd MainPID)" != "$before" ] || fail "no restart took place"
wait "$pub" || fail "publishing over a restart: $(cat /tmp/pub.out)"
equal "each report once" "$(status_of journal reports)" 201
release late 5000 UA | thaw pub -q
wait_for "an alert after the restart" eval 'grep -q huge-release /tmp/tail.jsonl'
kill "$tail"
python3 - <<'PY' || fail "the numbers of the alerts have holes"
import json
numbers = sorted({json.loads(line)["seq"] for line in open("/tmp/tail.jsonl") if '"seq"' in line})
assert numbers == list(range(1, len(numbers) + 1)), numbers
PY

say "crash and recovery"
before=$(property thawd MainPID) reports=$(status_of journal reports) epoch=$(status_of epoch)
kill -KILL "$before"
wait_for "a restart" eval '[ "$(property thawd NRestarts)" = 1 ]'
must "an answer, with patience" thaw status --timeout 60
[ "$(property thawd MainPID)" != "$before" ] || fail "the process is the old one"
equal "reports" "$(status_of journal reports)" "$reports"
equal "epoch" "$(status_of epoch)" "$epoch"
must "the alert still stands" eval 'thaw alerts --json | grep -q mass-release'

say "a second thawd is refused: the state folder"
second=$(thawd 2>&1) && fail "a second thawd started"
contains "the state folder is taken" "$second" "another"
say "a second thawd is refused: the endpoints"
cat >/tmp/second.yaml <<'YAML'
state: /tmp/second
events: {bind: ['ipc:///run/thaw/events']}
YAML
mkdir /tmp/second
second=$(thawd --config /tmp/second.yaml 2>&1) && fail "a second thawd started"
contains "the endpoint is taken" "$second" "in use"
must "the first is untouched" thaw status
release r2 7 | thaw pub -q -u || fail "the endpoint events is gone"
wait_for "an event without acknowledgement" eval '[ "$(status_of journal reports)" -gt "$reports" ]'

say "stop"
must "stop" systemctl stop thawd 'thawd*.socket'
equal "a clean end" "$(property thawd Result)" success
logged STOPPING || fail "STOPPING is not in the journal"

say "an instance of its own"
printf 'rules: []\n' >/etc/thaw/second.yaml
must "thawd@second starts" systemctl start thawd@second
must "it answers" thaw status --service ipc:///run/thaw-second/service
must "it has its own state" test -d /var/lib/thaw-second/journal
must "restart" systemctl restart thawd@second
must "it answers again" thaw status --service ipc:///run/thaw-second/service
must "stop" systemctl stop thawd@second
say "passed"
