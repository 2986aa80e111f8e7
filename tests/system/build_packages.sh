#!/bin/bash
# Builds the Debian packages into BUILD/packages/1, and into BUILD/packages/2 the same as version
# 1.0.1, for an upgrade: build_packages.sh BUILD CPACK
set -eu
build=$1 cpack=$2
first=$build/packages/1 second=$build/packages/2
rm -rf "$build/packages"
mkdir -p "$first" "$second"
"$cpack" --config "$build/CPackConfig.cmake" -G DEB -B "$first" >"$first/log" 2>&1 || { cat "$first/log"; exit 1; }
rm -rf "$first/_CPack_Packages"
found=$(find "$first" -name '*.deb' | wc -l)
[ "$found" = 4 ] || { echo "found $found packages, expected 4"; cat "$first/log"; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in "$first"/*.deb; do
    dpkg-deb --raw-extract "$package" "$work/package"
    sed -i 's/1\.0\.0/1.0.1/' "$work/package/DEBIAN/control"
    dpkg-deb -Zgzip -z1 --root-owner-group --build "$work/package" "$second/$(basename "${package/1.0.0/1.0.1}")" >/dev/null
    rm -rf "$work/package"
done
