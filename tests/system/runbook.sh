# The tasks of thaw-runbook(7), done as a person would who has the page and nothing else: each
# block of commands is run as it stands, and the outcome is looked at.
. "$(dirname "$0")/lib.sh"
install_files
page=$THAW_SOURCE/systemd/thaw-runbook.7
cd
useradd --no-create-home wirefeed

# follow SECTION N: runs the N-th block of commands of a section of the page.
follow() {
    local block
    block=$(awk -v section="$1" -v wanted="$2" '
        /^\.SH/ { name = $0; sub(/^\.SH "?/, "", name); sub(/"$/, "", name); n = 0 }
        /^\.EE/ { inside = 0 }
        inside && name == section && n == wanted { print }
        /^\.EX/ { inside = 1; n++ }' "$page" | sed -e 's/\\-/-/g' -e 's/\\(ti/~/g' -e 's/\\e/\\/g')
    [ -n "$block" ] || fail "the page has no block $2 in $1"
    say "$1, $2"
    must "the commands of $1, $2" bash -e -c "$block"
}

follow "FIRST START" 1
follow "FIRST START" 2
equal "it runs" "$(property thawd ActiveState)" active
must "it is enabled" systemctl is-enabled thawd thawd.socket
follow "FIRST START" 3
must "wirefeed may ask" runuser -u wirefeed -- thaw status
follow "FIRST START" 4
equal "the report came and went" "$(status_of journal reports)" 2

follow "ADDING A RULE" 1
follow "ADDING A RULE" 2
follow "ADDING A RULE" 3
equal "the rule is in force" "$(rules_in_force)" "many-freed "

release wire-1 52 | sed "s/2025-12-13/$(date +%F)/g" | thaw pub -q
wait_for "its alert" logged ALERT_FIRING THAW_RULE=many-freed
release wire-1 53 | thaw pub -q 2>/dev/null && fail "a conflict was taken"
follow "A SOURCE THAT MISBEHAVES" 1
must "the conflict is shown" eval 'thaw rejects --limit 20 | grep -q conflict'
follow "A SOURCE THAT MISBEHAVES" 2
wait_for "its alert is withdrawn" logged ALERT_WITHDRAWN THAW_RULE=many-freed

say "a disk that fills up"
systemctl stop thawd 'thawd*.socket'
cp -a /var/lib/thaw /tmp/saved
mount -t tmpfs -o size=24m,mode=0700,uid=thaw,gid=thaw tmpfs /var/lib/thaw
cp -a /tmp/saved/. /var/lib/thaw/
must "start" systemctl start thawd
head -c 100m /dev/zero >/var/lib/thaw/other 2>/dev/null || true
acknowledged=0
for i in $(seq 1 400); do
    release "full-$i" 5 RU | thaw pub -q --timeout 3 2>/dev/null || break
    acknowledged=$i
done
[ "$acknowledged" -lt 400 ] || fail "the disk did not fill up"
wait_for "thawd told of it" logged JOURNAL_FAILED
follow "DISK FULL" 1
rm /var/lib/thaw/other
follow "DISK FULL" 2
must "what was acknowledged is there" eval '[ "$(thaw events RU --bare | grep -c full-)" -ge "$acknowledged" ]'
for i in $(seq 1 "$((acknowledged + 3))"); do release "full-$i" 5 RU; done | thaw pub -q
equal "once each" "$(thaw events RU --bare | grep -c full-)" "$((acknowledged + 3))"
follow "DISK FULL" 3
reports=$(status_of journal reports) epoch=$(status_of epoch)
must "the setting is in force" grep -q '^retain:' /etc/thaw/thawd.yaml
follow "DISK FULL" 4
equal "reports after compacting" "$(status_of journal reports)" "$reports"
systemctl stop thawd 'thawd*.socket'
cp -a /var/lib/thaw/journal /tmp/kept
umount /var/lib/thaw
rm -rf /var/lib/thaw/journal
cp -a /tmp/kept /var/lib/thaw/journal
systemctl reset-failed
must "start" systemctl start thawd

follow "BACKUP AND RESTORING" 1
release after-backup 1 UA | thaw pub -q
systemctl stop thawd 'thawd*.socket'
truncate -s 4096 "$(find /var/lib/thaw/journal -type f -name 'data*' | head -n 1)"
must_not "thawd starts on a damaged journal" systemctl start thawd
wait_for "it said so" logged JOURNAL_REFUSED
follow "BACKUP AND RESTORING" 2
equal "reports" "$(status_of journal reports)" "$reports"
equal "epoch" "$(status_of epoch)" "$epoch"

say "a damaged record, and no copy"
systemctl stop thawd 'thawd*.socket'
rm -rf /var/lib/thaw.damaged
must "one byte of one report is changed" python3 - /var/lib/thaw/journal/data* <<'PY'
import sys
whole = open(sys.argv[1], "rb").read()
assert b"\xa2id\xa6full-1" in whole
with open(sys.argv[1], "r+b") as file:
    file.write(whole.replace(b"\xa2id\xa6full-1", b"\xa2id\xa6fuLl-1"))
PY
must_not "thawd starts on a damaged journal" systemctl start thawd
follow "BACKUP AND RESTORING" 3
equal "all other reports" "$(status_of journal reports)" "$((reports - 1))"
[ "$(status_of epoch)" != "$epoch" ] || fail "renumbered, but the epoch is the old one"
reports=$((reports - 1)) epoch=$(status_of epoch)

follow "MOVING TO ANOTHER MACHINE" 1
must_not "the old machine serves" systemctl --quiet is-active thawd thawd.socket
rm -rf /var/lib/thaw /etc/thaw # the new machine: an own installation
install_thaw
must "start" systemctl start thawd
[ "$(status_of epoch)" != "$epoch" ] || fail "this is not a new machine"
follow "MOVING TO ANOTHER MACHINE" 2
equal "reports" "$(status_of journal reports)" "$reports"
equal "epoch" "$(status_of epoch)" "$epoch"
equal "rules" "$(rules_in_force)" "many-freed "

follow "CONNECTIONS FROM OTHER MACHINES" 1
follow "CONNECTIONS FROM OTHER MACHINES" 2
# by SECRET [SERVER-KEY]: asks over tcp.
by() { thaw status --service tcp://127.0.0.1:7301 --key "$1" --server-key "${2:-/etc/thaw/keys/thawd.public}" --timeout 2; }
must_not "a client that nobody knows is answered" by ~/.config/thaw/me.secret
wait_for "its key is in the journal" logged CLIENT_DENIED
follow "CONNECTIONS FROM OTHER MACHINES" 3
wait_for "it is admitted" by ~/.config/thaw/me.secret
follow "CONNECTIONS FROM OTHER MACHINES" 4
follow "CHANGING KEYS" 1
wait_for "the new key is admitted" by ~/.config/thaw/me2.secret
must "and the old one" by ~/.config/thaw/me.secret
follow "CHANGING KEYS" 2
must_not "the old key is admitted" by ~/.config/thaw/me.secret
must "the new one" by ~/.config/thaw/me2.secret
cp /etc/thaw/keys/thawd.public /tmp/before.public
follow "CHANGING KEYS" 3
must "with thawd's new key" by ~/.config/thaw/me2.secret
must_not "with its old one" by ~/.config/thaw/me2.secret /tmp/before.public

say "a setting that this journal was not written with"
echo 'tolerance: {release: 48h}' >>/etc/thaw/thawd.yaml
must_not "thawd starts" systemctl restart thawd
wait_for "it said why" logged RECOVERY_FAILED
follow "UPGRADING AND GOING BACK" 1
equal "reports" "$(status_of journal reports)" "$reports"
[ "$(status_of epoch)" != "$epoch" ] || fail "renumbered, but the epoch is the old one"
must "the alerts of now" thaw alerts

for copy in thaw.backup rest.thaw move.tar reports.thaw; do
    equal "who may read $copy" "$(stat -c %a ~/$copy)" 600
done

# This box has no memory to give by the group, so a limit of the process; within it no instrumented thawd can start.
if ! grep -q '__[at]san_init' "$(command -v thawd)"; then
    say "too little memory"
    mkdir -p /etc/systemd/system/thawd.service.d
    # who publishes sends again as soon as thawd is there: five starts are used up before it lets go
    printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nLimitDATA=80M\n' >/etc/systemd/system/thawd.service.d/memory.conf
    cp /etc/thaw/thawd.yaml /tmp/thawd.yaml
    echo 'memory: {bytes: 64GiB}' >>/etc/thaw/thawd.yaml
    systemctl daemon-reload
    systemctl reset-failed
    must "restart" systemctl restart thawd
    logged MEMORY_BEYOND || fail "nothing says that memory.bytes is more than there is"
    before=$(property thawd MainPID) acknowledged=0
    release much- 5 RU >/tmp/one
    python3 -c '
one, note = open("/tmp/one").read().rstrip("}\n"), "x" * 1500
for n in range(60000):
    print(one.replace("much-", f"much-{n}") + ",\"note\":\"" + note + "\"}")' | split -l 2000 - /tmp/much.
    for part in /tmp/much.*; do
        thaw pub -q --timeout 3 "$part" 2>/dev/null || break
        acknowledged=$((acknowledged + 2000))
    done
    rm /tmp/much.*
    [ "$acknowledged" -lt 60000 ] || fail "memory did not run out"
    # thawd's own message, the journal's, or libzmq's, whichever part asked for memory first
    wait_for "it said why" eval 'journalctl --sync; journalctl --quiet -o cat _PID="$before" |
        grep -q -e "Cannot allocate memory" -e "OUT OF MEMORY" -e bad_alloc'
    wait_for "systemd starts it again" eval '[ "$(property thawd NRestarts)" -ge 1 ]'
    # a start may need more than the run that came to its end had
    rm /etc/systemd/system/thawd.service.d/memory.conf
    cp /tmp/thawd.yaml /etc/thaw/thawd.yaml
    systemctl daemon-reload
    must "restart" systemctl restart thawd
    follow "MEMORY SHORT" 1
    export CREDENTIALS_DIRECTORY=/etc/thaw/keys # for --check: thawd.yaml(5), KEYS
    follow "MEMORY SHORT" 2
    must "what was acknowledged is there" eval '[ "$(thaw events RU --bare | grep -c much-)" -ge "$acknowledged" ]'
fi

follow "READING THE COUNTERS" 1
thaw status --json >/tmp/status.json
sed -n '/READING THE COUNTERS/,/^\.SH "SEE/p' "$page" | sed -n '/^\.TP/{n;p}' | sed 's/^\.B //; s/, / /g' >/tmp/counters
[ "$(wc -l </tmp/counters)" -ge 6 ] || fail "the page has no counters"
for name in $(cat /tmp/counters); do
    must "the counter $name is in the status" grep -q "\"$name\"" /tmp/status.json
done
say "passed"
