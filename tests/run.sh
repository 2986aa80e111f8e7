#!/bin/bash
# Installs what is missing, builds with warnings as errors, and runs every test.
#
#   tests/run.sh          the plain build and its tests
#   tests/run.sh --all    also under the address and undefined-behaviour sanitizers, and the static
#                         checks, which are not clean yet
set -eu
cd "$(dirname "$0")/.."
quick=1
case "${1:-}" in
"") ;;
--all) quick=0 ;;
*) echo "usage: tests/run.sh [--all]" >&2; exit 2 ;;
esac

step() { printf '\n==> %s\n' "$*"; }

install_packages() {
    local missing=() package
    while read -r package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done <tests/packages.txt
    [ ${#missing[@]} -eq 0 ] && return
    step "installing ${missing[*]}"
    local sudo=()
    [ "$(id -u)" = 0 ] || sudo=(sudo)
    "${sudo[@]}" apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
}

build_and_test() {
    step "building: $1"
    cmake --preset "$1" >/dev/null
    cmake --build --preset "$1"
    step "testing: $1"
    ctest --test-dir "build/$1" --output-on-failure --timeout 900
}

static_checks() {
    step "cppcheck"
    cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,performance,portability \
        --suppress=missingIncludeSystem --suppress=unknownMacro --suppress=normalCheckLevelMaxBranches \
        -Iproto/include -Idaemon/engine proto/src daemon clients
    step "clang-tidy"
    git ls-files 'proto/*.c' 'daemon/*.c' 'clients/*.c' | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/release
}

install_packages
build_and_test release
if [ "$quick" = 0 ]; then
    build_and_test asan
    static_checks
fi
step "all passed"
