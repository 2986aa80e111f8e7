#!/bin/bash
# The packages have neither errors nor warnings: lintian.sh FOLDER
type -P lintian >/dev/null || { echo "SKIPPED: lintian is not installed"; exit 77; }
TMPDIR=$(mktemp -d) || exit 1 # lintian leaves files in it
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
lintian --fail-on error,warning --allow-root --no-cfg "$1"/*.deb
