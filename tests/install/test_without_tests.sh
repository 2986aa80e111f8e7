#!/bin/bash
# Who builds without the tests installs the same: test_without_tests.sh SOURCE CMAKE
set -eu
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
"$2" -S "$1" -B "$build" -DBUILD_TESTING=OFF >/dev/null
for file in thaw-runbook.7.gz thaw-pub.1.gz completion/thaw PROTOCOL.md thawd.service; do
    grep -rq --include=cmake_install.cmake "$file\"" "$build" || { echo "FAILED: $file is not installed"; exit 1; }
done
[ -e "$build/CPackConfig.cmake" ] || { echo "FAILED: no packages can be made"; exit 1; }
