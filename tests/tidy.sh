#!/bin/bash
# clang-tidy over one file, silent where it finds nothing (it counts what it suppressed otherwise).
set -u
output=$(clang-tidy --quiet -p "$(dirname "$0")/../build/release" "$1" 2>&1) && exit 0
printf '%s\n' "$output" | grep -v ' warnings\? generated\.$'
exit 1
