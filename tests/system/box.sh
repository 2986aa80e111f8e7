#!/bin/bash
# box.sh - runs one scenario of this folder beside a real systemd, as CTest calls it:
#
#   box.sh SCENARIO ROOT SOURCE [BUILD]
#
# ROOT is where `cmake --install` has put everything (the fixture system_install), SOURCE this
# checkout. Exit status 77, "skipped", where no box can be set up here, with the reason; with
# THAW_REQUIRE_BOX=1 in the environment that is a failure.
set -u
scenario=$1 root=$2 source=$3 build=${4:-}
box=$source/tests/system/systemd-box

skip() {
    if [ -n "${THAW_REQUIRE_BOX:-}" ]; then
        echo "FAILED: THAW_REQUIRE_BOX is set, and $1"
        exit 1
    fi
    echo "SKIPPED: $1"
    exit 77
}

[ "$(id -u)" = 0 ] || skip "a box needs root"
for tool in systemd-nspawn systemd-run dbus-daemon nsenter setpriv unshare; do
    type -P "$tool" >/dev/null || skip "$tool is not installed (tests/packages.txt)"
done
journal=$(mktemp) || exit 1
trap 'rm -f "$journal"' EXIT
dpkg=()
[ "$scenario" != packages ] || dpkg=(--bind-ro /var/lib/dpkg)
"$box" ${dpkg[@]+"${dpkg[@]}"} --bind-ro "$root" --bind-ro "$source" ${build:+--bind-ro "$build"} --chdir / \
    --setenv THAW_ROOT="$root" --setenv THAW_SOURCE="$source" --setenv THAW_BUILD="$build" \
    --timeout 500 --journal "$journal" -- /bin/bash "$source/tests/system/$scenario.sh" </dev/null
status=$?
[ $status -ne 125 ] || skip "no box can be set up or booted on this machine"
if [ $status -ne 0 ] && [ $status -ne 77 ]; then
    echo "---- the end of the box's journal"
    tail -n 60 "$journal"
fi
exit $status
