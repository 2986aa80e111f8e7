#!/bin/bash
# Builds the Debian packages twice, as 1.0.0 and as 1.0.1: build_packages.sh BUILD CPACK
set -eu
build=$1 cpack=$2
for number in 1 2; do
    folder=$build/packages/$number
    rm -rf "$folder"
    mkdir -p "$folder"
    options=()
    [ $number = 1 ] || options=(-D CPACK_PACKAGE_VERSION=1.0.1 -D CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS='libthaw1 (= 1.0.1)')
    "$cpack" --config "$build/CPackConfig.cmake" -G DEB -B "$folder" ${options[@]+"${options[@]}"} >"$folder/log" 2>&1 ||
        { cat "$folder/log"; exit 1; }
    rm -rf "$folder/_CPack_Packages"
    found=$(cd "$folder" && ls ./*.deb | wc -l)
    [ "$found" = 4 ] || { echo "found $found packages, expected 4"; cat "$folder/log"; exit 1; }
done
