#!/bin/bash
# The packages have no errors: lintian.sh FOLDER
type -P lintian >/dev/null || { echo "SKIPPED: lintian is not installed"; exit 77; }
lintian --fail-on error --allow-root --no-cfg "$1"/*.deb
