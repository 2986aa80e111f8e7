# What goes wrong: a hang, a damaged journal, wrong permissions, an address in use, a wrong setting.
# Each is named by a message that says what to do, and none makes a restart loop.
. "$(dirname "$0")/lib.sh"
install_thaw
rule mass-release 10
sockets="thawd.socket thawd-events.socket thawd-alerts.socket thawd-publish.socket thawd-read.socket"

# stays_down STATUS KIND: thawd ended with that exit status, said why, and was not started again.
stays_down() {
    must_not "thawd starts" systemctl start thawd
    wait_for "the end" is_state thawd failed
    equal "exit status" "$(property thawd ExecMainStatus)" "$1"
    equal "restarts" "$(property thawd NRestarts)" 0
    logged "$2" || fail "$2 is not in the journal"
    # shellcheck disable=SC2086
    systemctl stop $sockets thawd
    systemctl reset-failed
}

say "a setting that is wrong"
echo 'staet: /tmp' >/etc/thaw/thawd.yaml
must_not "thawd --check" thawd --check
stays_down 78 CONFIG_BAD
contains "what was expected" "$(journalctl -o cat MESSAGE_ID="$(message_id CONFIG_BAD)")" 'is it "state"?'
must "the shipped file" cp "$THAW_ROOT/etc/thaw/thawd.yaml" /etc/thaw/thawd.yaml
must "thawd --check of the shipped file" thawd --check

say "an address in use"
echo "events: {bind: ['ipc:///run/thaw/events', 'tcp://127.0.0.1:7311']}" >/etc/thaw/thawd.yaml
python3 -c '
import socket, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 7311))
s.listen()
print("bound", flush=True)
time.sleep(600)' >/tmp/holder &
holder=$!
wait_for "the other program" grep -q bound /tmp/holder
systemctl start thawd >/dev/null 2>&1 && fail "thawd started"
wait_for "ENDPOINT_FAILED" logged ENDPOINT_FAILED THAW_ENDPOINT=events
contains "which address" "$(journalctl -o cat MESSAGE_ID="$(message_id ENDPOINT_FAILED)")" "tcp://127.0.0.1:7311 is in use"
kill "$holder"
wait "$holder" 2>/dev/null || true
wait_for "it heals by itself once the address is free" is_state thawd active
must "both addresses are open" eval 'thaw status --json | grep -q 7311'
must "stop" systemctl stop thawd
cp "$THAW_ROOT/etc/thaw/thawd.yaml" /etc/thaw/thawd.yaml

say "an address that systemd holds open for everything, and the configuration has for reading"
echo "service: {bind: [], read: ['ipc:///run/thaw/service']}" >/etc/thaw/thawd.yaml
stays_down 78 ENDPOINT_FAILED
contains "what to do" "$(journalctl -o cat MESSAGE_ID="$(message_id ENDPOINT_FAILED)")" "has it for reading; take it out of one"
cp "$THAW_ROOT/etc/thaw/thawd.yaml" /etc/thaw/thawd.yaml

say "wrong permissions"
mkdir -m 0755 /srv/sealed
mkdir -p /etc/systemd/system/thawd.service.d
printf 'state: /srv/sealed\n' >/etc/thaw/thawd.yaml
stays_down 77 JOURNAL_REFUSED
cp "$THAW_ROOT/etc/thaw/thawd.yaml" /etc/thaw/thawd.yaml
chmod 0600 /etc/thaw/thawd.yaml
stays_down 78 CONFIG_BAD
chmod 0644 /etc/thaw/thawd.yaml

say "a hang is ended by the watchdog, and nothing is lost"
printf '[Service]\nWatchdogSec=2s\nTimeoutAbortSec=1s\n' >/etc/systemd/system/thawd.service.d/watchdog.conf
systemctl daemon-reload
must "start" systemctl start thawd
release r1 52 | thaw pub -q
before=$(property thawd MainPID)
kill -STOP "$before"
wait_for "the restart" eval 'logged READY _PID="$(property thawd MainPID)" && [ "$(property thawd MainPID)" != "$before" ]'
must "the watchdog did it" eval 'journalctl -u thawd | grep -qi "watchdog timeout"'
equal "reports" "$(status_of journal reports)" 1
must "the alert still stands" eval 'thaw alerts --json | grep -q mass-release'

say "a damaged journal is refused, named, and not touched"
must "stop" systemctl stop thawd
# shellcheck disable=SC2086
systemctl stop $sockets
file=$(find /var/lib/thaw/journal -type f -name 'data*' | head -n 1)
[ -n "$file" ] || fail "no file of the journal"
cp -a "$file" /tmp/whole
truncate -s 4096 "$file"
stays_down 65 JOURNAL_REFUSED
equal "the file is as it was" "$(stat -c %s "$file")" 4096
cp -a /tmp/whole "$file"
must "the file put back is fine" systemctl start thawd
equal "reports" "$(status_of journal reports)" 1
say "passed"
