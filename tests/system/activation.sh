# The sockets of systemd: the first event starts thawd, over ipc and over tcp; who may use which
# socket; a user that exists only while thawd runs.
. "$(dirname "$0")/lib.sh"
install_thaw
rule mass-release 10
sockets="thawd.socket thawd-events.socket thawd-alerts.socket thawd-publish.socket thawd-read.socket"

say "the first event starts thawd: ipc"
# shellcheck disable=SC2086
must "the sockets" systemctl start $sockets
equal "thawd sleeps" "$(property thawd ActiveState)" inactive
release r1 52 | thaw pub -q -u
wait_for "thawd is awake" is_state thawd active
wait_for "the event arrived" eval '[ "$(status_of journal reports)" = 1 ]'
wait_for "the alert" logged ALERT_FIRING THAW_RULE=mass-release

say "stopping leaves the sockets, and a question starts it again"
systemctl stop thawd 2>/dev/null
equal "thawd sleeps" "$(property thawd ActiveState)" inactive
must "a question, with patience" thaw status --timeout 60
equal "thawd is awake" "$(property thawd ActiveState)" active

say "the first event starts thawd: tcp"
systemctl stop thawd thawd-events.socket 2>/dev/null
mkdir -p /etc/systemd/system/thawd-events.socket.d
printf '[Socket]\nListenStream=127.0.0.1:7312\n' >/etc/systemd/system/thawd-events.socket.d/tcp.conf
systemctl daemon-reload
must "the socket" systemctl start thawd-events.socket
equal "thawd sleeps" "$(property thawd ActiveState)" inactive
release r2 20 RU | thaw pub -q -u --events tcp://127.0.0.1:7312
wait_for "thawd is awake" is_state thawd active
wait_for "the event arrived" eval '[ "$(status_of journal reports)" = 2 ]'
must "both addresses are in use" eval 'thaw status --json | grep -q "tcp://127.0.0.1:7312"'

say "who may do what"
for group in thaw thaw-publish thaw-read; do
    useradd --no-create-home --groups "$group" "user-$group" 2>/dev/null
done
useradd --no-create-home user-nobody
as() { runuser -u "$1" -- "${@:2}"; }
# may USER SOCKET: whether the user may connect.
may() { as "$1" python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "/run/thaw/$2"; }
for user in thaw thaw-publish thaw-read nobody; do
    for name in events service service-publish service-read alerts; do
        case $user:$name in
        thaw:service | thaw-publish:events | thaw-publish:service-publish | thaw-read:alerts | thaw-read:service-read)
            must "user-$user may use $name" may "user-$user" $name ;;
        *) must_not "user-$user may use $name" may "user-$user" $name ;;
        esac
    done
    must_not "user-$user reads the journal" as "user-$user" ls /var/lib/thaw
done
must "the group thaw administers" as user-thaw thaw reload
must "the group thaw publishes" eval 'release a1 1 UA | as user-thaw thaw pub -q'
must "the group thaw-publish publishes" eval 'release a2 1 UA | as user-thaw-publish thaw pub -q'
must "the group thaw-publish asks how thawd is" as user-thaw-publish thaw status
must "the group thaw-read asks" as user-thaw-read thaw incidents UA
contains "why the group thaw-publish may not ask" "$(as user-thaw-publish thaw incidents UA 2>&1)" "its group may use it"
must "the group thaw-read follows alerts" as user-thaw-read thaw tail --no-follow
denied() {
    local output
    output=$("$@" 2>&1 </tmp/event) && fail "succeeded: $*"
    contains "$*" "$output" denied
}
release a3 1 UA >/tmp/event
denied as user-thaw-read thaw pub --service ipc:///run/thaw/service-read
denied as user-thaw-read thaw reload
denied as user-thaw-read thaw reload --dry
denied as user-thaw-publish thaw incidents UA --service ipc:///run/thaw/service-publish
denied as user-thaw-publish thaw reload --service ipc:///run/thaw/service-publish
must_not "nobody asks" as user-nobody thaw status --timeout 1
must "refusals are in the journal" logged REQUEST_REFUSED THAW_CODE=denied

say "a user that exists only while thawd runs"
# shellcheck disable=SC2086
systemctl stop thawd $sockets
userdel thaw
getent passwd thaw >/dev/null && fail "the user thaw is still there"
getent group thaw >/dev/null || groupadd --system thaw # of the socket
rm -rf /var/lib/thaw
mkdir -p /etc/systemd/system/thawd.service.d
printf '[Service]\nDynamicUser=yes\nUser=thaw-passing\n' >/etc/systemd/system/thawd.service.d/user.conf
systemctl daemon-reload
# shellcheck disable=SC2086
must "the sockets" systemctl start $sockets
release r1 52 | thaw pub -q --timeout 60
equal "the user" "$(ps -o user:20= -p "$(property thawd MainPID)")" thaw-passing
must "its state" test -d /var/lib/private/thaw/journal
must "restart" systemctl restart thawd
equal "reports" "$(status_of journal reports)" 1
say "passed"
