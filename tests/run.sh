#!/bin/bash
# Everything that is tested, as the continuous integration does it: installs what is missing
# (Debian), builds with warnings as errors and runs CTest; the same again under the address and
# undefined-behaviour sanitizers; then cppcheck and clang-tidy, which must find nothing.
#
#   tests/run.sh           all of it
#   tests/run.sh STEP...   only these: release, asan, tsan (not part of all of it), static
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
jobs=$(nproc)
[ "$jobs" -ge 2 ] || jobs=2

usage() { sed -n '2,8s/^# \{0,1\}//p' "$root/tests/run.sh"; exit "$1"; }
for name in "$@"; do
    case $name in
    release | asan | tsan | static) ;;
    -h | --help) usage 0 ;;
    *) usage 2 >&2 ;;
    esac
done
[ $# -gt 0 ] || set -- release asan static

step() { printf '\n==> %s  (%d min %02d s)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

build() { # PRESET
    step "building: $1"
    cmake --preset "$1" >build-log.tmp 2>&1 || { cat build-log.tmp; rm -f build-log.tmp; return 1; }
    rm -f build-log.tmp
    cmake --build --preset "$1" -- --quiet
}

# Prints what failed and CTest's summary of all tests; what was skipped is told again at the end.
skipped=()
build_and_test() { # PRESET
    build "$1"
    step "testing: $1"
    ctest --test-dir "build/$1" -j "$jobs" --timeout 900 --output-on-failure --no-tests=error |
        tee "build/$1/ctest.out"
    mapfile -t -O ${#skipped[@]} skipped < <(skipped_tests "$1")
}

# A line for each test of the last run that could not run here, with its reason.
skipped_tests() { # PRESET
    awk -v preset="$1" '
        FNR == NR && / Testing: / { name = $NF }
        FNR == NR && tolower($0) ~ /^skipped: / { sub(/^[^:]*: /, ""); why[name] = $0 }
        FNR != NR && / \(Skipped\)$/ {
            printf "    %s, %s: %s\n", preset, $3, $3 in why ? why[$3] : "see its output"
        }' "build/$1/Testing/Temporary/LastTest.log" "build/$1/ctest.out"
}

release() { build_and_test release; }

# A sanitizer makes everything several times slower: random tests make fewer cases.
asan() {
    export THAW_TEST_SCALE=${THAW_TEST_SCALE:-0.2}
    export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=1:detect_stack_use_after_return=1}
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
    build_and_test asan
    unset THAW_TEST_SCALE
}

tsan() {
    export THAW_TEST_SCALE=${THAW_TEST_SCALE:-0.2}
    export TSAN_OPTIONS=${TSAN_OPTIONS:-suppressions=$root/tests/tsan.txt history_size=4}
    build_and_test tsan
    unset THAW_TEST_SCALE
}

static() {
    step "cppcheck"
    cppcheck --quiet --error-exitcode=1 -j "$jobs" --inline-suppr --std=c11 \
        --enable=warning,performance,portability --suppressions-list=tests/cppcheck.txt \
        -Iproto/include -Iproto/src -Idaemon -Idaemon/engine -Iclients proto/src daemon clients tests
    [ -f build/release/compile_commands.json ] || build release
    step "clang-tidy"
    # The longest first, so that no core is left with it at the end.
    git ls-files -z 'proto/*.c' 'daemon/*.c' 'daemon/*.cc' 'clients/*.c' | xargs -0 ls -S |
        tr '\n' '\0' | xargs -0 -P "$jobs" -n 1 "$root/tests/tidy.sh"
    echo "no findings"
}

step "installing what is missing"
tests/install.sh
for name in "$@"; do
    "$name"
done
if [ ${#skipped[@]} = 0 ]; then
    step "all passed"
else
    step "all passed that ran; ${#skipped[@]} could not run on this machine:"
    printf '%s\n' "${skipped[@]}"
fi
