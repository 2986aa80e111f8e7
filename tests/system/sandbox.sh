# The sandbox: its score, the units' own check, and thawd really doing all its work under it.
. "$(dirname "$0")/lib.sh"
install_thaw
rule mass-release 10

say "the units are right"
for unit in thawd.service thawd@x.service thawd.socket thawd-events.socket thawd-alerts.socket thawd-publish.socket thawd-read.socket; do
    output=$(systemd-analyze verify "/usr/lib/systemd/system/${unit/@x/@}" 2>&1) || fail "verify $unit: $output"
    equal "verify $unit" "$output" ""
done
for unit in thawd.service thawd@.service; do
    must "exposure of $unit is at most 1.0" systemd-analyze security --offline=true --threshold=10 \
        "/usr/lib/systemd/system/$unit"
done

say "thawd runs under it"
must "start" systemctl start thawd
pid=$(property thawd MainPID)
field() { awk -v name="$1:" '$1 == name { print $2 }' "/proc/$pid/status"; }
equal "the user" "$(ps -o user= -p "$pid")" thaw
equal "capabilities" "$(field CapEff)$(field CapBnd)" 00000000000000000000000000000000
equal "system calls are filtered" "$(field Seccomp)" 2
equal "no new privileges" "$(field NoNewPrivs)" 1
inside() { nsenter --target "$pid" --mount -- "$@"; }
must_not "the system may be written" inside touch /usr/x /etc/thaw/x
must_not "homes may be seen" inside test -e ~/.profile
must "the state may be written" inside test -w /var/lib/thaw

say "every verb"
cat >/tmp/events.jsonl <<'JSON'
{"id":"1","kind":"release","country":"BY","source":"wire","occurred_at":"2025-12-13","reported_at":"2025-12-13T12:00:00Z","status":"confirmed","count":52,"persons":[{"name":"A. B.","ids":["x:1"]}]}
{"id":"2","kind":"sanction","country":"BY","source":"wire","authority":"US","action":"eased","sector":"potash","occurred_at":"2025-12-13"}
{"id":"3","kind":"tally","country":"BY","source":"group","of":"detained","count":1100,"occurred_at":"2025-12-14"}
{"id":"4","kind":"talks","country":"BY","source":"wire","stage":"agreed","expected_count":20,"occurred_at":"2025-12-12"}
{"id":"5","kind":"feed","country":"ZZ","source":"list","state":"broken"}
{"id":"6","kind":"release","country":"BY","source":"wire"}
{"id":"6","kind":"detention","country":"BY","source":"wire","count":3}
JSON
thaw pub -q /tmp/events.jsonl >/tmp/out 2>&1 && fail "a conflict was not told: $(cat /tmp/out)"
must "pub, once more" eval 'head -n 5 /tmp/events.jsonl | thaw pub'
must "pub --unacknowledged" eval 'release u1 3 UA | thaw pub -u'
must "pub --check" thaw pub --check /tmp/events.jsonl
must "tail" thaw tail --from beginning --no-follow --json
must "state" thaw state
must "state of a country" thaw state BY
must "state as it was" thaw state BY --at "$(date -u +%FT%TZ -d "+1 second")"
must "incidents" thaw incidents BY --kind release
must "alerts" thaw alerts
must "explain an alert" thaw explain mass-release:BY:1
must "explain a rule" thaw explain mass-release RU
must "explain an incident" eval 'thaw explain "$(thaw incidents BY --json | grep -o "\"id\": *\"[^\"]*" | head -n 1 | sed "s/.*\"//")"'
must "events" thaw events --bare
must "rejects" eval 'thaw rejects | grep -q conflict'
must "rules" thaw rules
must "status" thaw status
must "reload --dry" thaw reload --dry
must "reload" thaw reload
must "systemctl reload" systemctl reload thawd
must "restart" systemctl restart thawd
must "an answer" thaw status --timeout 60
equal "reports" "$(status_of journal reports)" 7
must "keygen" thaw keygen /tmp/key

say "an image is written while it runs, and a start after kill -9 goes on from it"
printf 'journal: {image: 1ms}\n' >>/etc/thaw/thawd.yaml
must "restart" systemctl restart thawd
images() { entries IMAGE_SAVED _SYSTEMD_UNIT=thawd.service; }
before=$(images) rounds=0
# The longer the last image took, the more there has to be for another.
many() {
    rounds=$((rounds + 1))
    awk -v round=$rounds 'BEGIN { for (i = 0; i < 20000; i++)
        printf "{\"id\":\"image-%d-%d\",\"kind\":\"detention\",\"country\":\"%c%c\",\"source\":\"wire\",\"occurred_at\":\"20%02d-%02d-%02d\",\"count\":2}\n",
            round, i, 65 + i % 24, 65 + i % 25, 10 + i % 14, 1 + i % 12, 1 + i % 28 }' >/tmp/many.jsonl
    must "many reports" thaw pub -q /tmp/many.jsonl
}
wait_for "an image" eval 'many; [ "$(images)" -gt "$before" ]'
killed=$(property thawd MainPID)
kill -KILL "$killed"
wait_for "the restart" eval 'logged READY _PID="$(property thawd MainPID)" && [ "$(property thawd MainPID)" != "$killed" ]'
equal "reports" "$(status_of journal reports)" $((7 + 20000 * rounds))
must "it went on from the image" eval 'journalctl _PID="$(property thawd MainPID)" -o cat | grep -q "from an image at report"'

say "tcp, with keys"
install -d -m 0755 /etc/thaw/keys
thaw keygen /etc/thaw/keys/thawd
thaw keygen /tmp/client
install -d -m 0755 /etc/thaw/keys/clients
cp /tmp/client.public /etc/thaw/keys/clients/
mkdir -p /etc/systemd/system/thawd.service.d
cat >/etc/systemd/system/thawd.service.d/keys.conf <<'UNIT'
[Service]
LoadCredential=thawd.secret:/etc/thaw/keys/thawd.secret
IPAddressAllow=any
UNIT
cat >/etc/thaw/thawd.yaml <<'YAML'
rules: [/etc/thaw/rules.d]
service: {bind: ['ipc:///run/thaw/service', 'tcp://0.0.0.0:7321']}
curve:
  server: $CREDENTIALS_DIRECTORY/thawd.secret
  clients: [/etc/thaw/keys/clients]
YAML
systemctl daemon-reload
must "restart with keys" systemctl restart thawd
must "a client with a key" thaw status --service tcp://127.0.0.1:7321 --key /tmp/client.secret \
    --server-key /etc/thaw/keys/thawd.public
must_not "a client with another key" thaw status --service tcp://127.0.0.1:7321 --key /tmp/key.secret \
    --server-key /etc/thaw/keys/thawd.public --timeout 1
must_not "a client without a key" thaw status --service tcp://127.0.0.1:7321 --timeout 1
wait_for "the refusal in the journal" logged CLIENT_DENIED
cp /tmp/key.public /etc/thaw/keys/clients/
must "reload of the keys" systemctl reload thawd
wait_for "the other client is let in" thaw status --service tcp://127.0.0.1:7321 --key /tmp/key.secret \
    --server-key /etc/thaw/keys/thawd.public --timeout 1
install -m 0600 /tmp/key.public /etc/thaw/keys/clients/sealed.public
systemctl reload thawd || true # systemd 252 cannot tell
wait_for "the key that thawd may not read is told of" logged RELOAD_FAILED
must "the others are admitted as before" thaw status --service tcp://127.0.0.1:7321 --key /tmp/key.secret \
    --server-key /etc/thaw/keys/thawd.public
rm /etc/thaw/keys/clients/sealed.public

journalctl --sync
! journalctl -u thawd -o cat | grep -i "not permitted" || fail "the sandbox stands in the way"
say "passed"
