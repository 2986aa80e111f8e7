# The Debian packages: installed, upgraded, removed and purged, with the service and its state.
# THAW_BUILD/packages/1 and 2 hold two versions of them (the test system_build_packages).
. "$(dirname "$0")/lib.sh"
rm -f /usr/sbin/policy-rc.d # of containers: forbids starting services
rm -rf /etc/dpkg/dpkg.cfg.d
# The box has an empty /var: dpkg gets the list of what the machine has, over which it may write.
mkdir -p /tmp/dpkg/upper /tmp/dpkg/work
mount -t overlay overlay -o lowerdir=/var/lib/dpkg,upperdir=/tmp/dpkg/upper,workdir=/tmp/dpkg/work /var/lib/dpkg
mkdir -p /var/lib/systemd/deb-systemd-helper-enabled
export DEBIAN_FRONTEND=noninteractive
first=$THAW_BUILD/packages/1 second=$THAW_BUILD/packages/2

say "install"
must "dpkg --install" dpkg --install "$first"/*.deb
equal "packages" "$(dpkg-query -W -f '${Package}=${Version} ' thawd thaw libthaw1 libthaw-dev)" \
    "libthaw-dev=1.0.0 libthaw1=1.0.0 thaw=1.0.0 thawd=1.0.0 "
equal "the service runs" "$(property thawd ActiveState)" active
must "it is enabled" systemctl is-enabled thawd thawd.socket thawd-events.socket thawd-alerts.socket thawd-publish.socket thawd-read.socket
must "it answers" thaw status --timeout 60
equal "settings are settings" "$(dpkg-query -W -f '${Conffiles}' thawd | grep -c /etc/thaw/thawd.yaml)" 1
for page in thawd.8 thawd.yaml.5 thaw-runbook.7 thaw.1 thaw-pub.1 thaw-protocol.7; do
    must "the page $page" man --where "${page##*.}" "${page%.*}"
done
cat >/tmp/use.c <<'C'
#include <stdio.h>
#include <thaw.h>
int main(void)
{
    puts(thaw_code_name(THAW_CONFLICT));
    return 0;
}
C
must "a program is built on the library" eval 'cc /tmp/use.c -o /tmp/use $(pkg-config --cflags --libs thaw)'
equal "and runs" "$(/tmp/use)" conflict
rule mass-release 10
must "reload" thaw reload
release r1 52 | thaw pub -q
echo "# of this machine" >>/etc/thaw/thawd.yaml

say "upgrade"
epoch=$(status_of epoch) before=$(property thawd MainPID)
thaw tail --json --timeout 60 >/tmp/tail.jsonl 2>&1 &
tail=$!
must "dpkg --install" dpkg --install --force-confold "$second"/*.deb
equal "version" "$(dpkg-query -W -f '${Version}' thawd)" 1.0.1
equal "the service runs" "$(property thawd ActiveState)" active
[ "$(property thawd MainPID)" != "$before" ] || fail "the old one still runs"
must "it answers" thaw status --timeout 60
equal "reports" "$(status_of journal reports)" 1
equal "epoch" "$(status_of epoch)" "$epoch"
must "own settings are kept" grep -q "of this machine" /etc/thaw/thawd.yaml
release r2 99 UA | thaw pub -q
wait_for "the subscriber goes on" grep -q '"UA"' /tmp/tail.jsonl
kill $tail

say "remove"
must "dpkg --remove" dpkg --remove thawd thaw libthaw-dev libthaw1
must_not "the service runs" systemctl --quiet is-active thawd thawd.socket
[ ! -e /usr/sbin/thawd ] && [ ! -e /usr/bin/thaw ] && [ ! -e /usr/lib/systemd/system/thawd.service ] || fail "files are left"
must "state stays" test -d /var/lib/thaw/journal
must "settings stay" test -e /etc/thaw/thawd.yaml

say "install again: the state is found"
must "dpkg --install" dpkg --install --force-confold "$second"/*.deb
must "it answers" thaw status --timeout 60
equal "reports" "$(status_of journal reports)" 2
equal "epoch" "$(status_of epoch)" "$epoch"

say "purge"
must "dpkg --purge" dpkg --purge thawd thaw libthaw-dev libthaw1
must_not "the service runs" systemctl --quiet is-active thawd thawd.socket
[ ! -e /var/lib/thaw ] && [ ! -e /etc/thaw ] || fail "state or settings are left"
equal "what dpkg knows" "$(dpkg-query -W -f '${db:Status-Abbrev}' thawd 2>/dev/null)" ""
say "passed"
