#!/bin/bash
# Installs the Debian packages of packages.txt that are missing, as root or with sudo.
#
#   tests/install.sh          all of them
#   tests/install.sh build    those that the build and the demo need
#
# Says nothing where nothing is missing.
set -eu
list="$(dirname "$0")/packages.txt"
case "${1:-all}" in
all) wanted=$(sed '/^#/d' "$list") ;;
build) wanted=$(sed -n '1d; /^#/q; p' "$list") ;;
*) echo "usage: tests/install.sh [build]" >&2; exit 2 ;;
esac

missing=()
for package in $wanted; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
echo "installing ${missing[*]}"
root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "these packages are missing, and neither root nor sudo is at hand to install them" >&2
        exit 1
    }
    root=(sudo)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ "${root[@]}" apt-get update -q &&
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
    { cat "$log" >&2; echo "the packages could not be installed" >&2; exit 1; }
