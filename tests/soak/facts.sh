#!/bin/bash
# The facts of the engine against the slow model, over many more random cases than the test run has.
#
#   tests/soak/facts.sh [FIRST [COUNT]]      seeds FIRST .. FIRST + COUNT - 1; about 40 ms of CPU each
set -eu
cd "$(dirname "$0")/../.."
first=${1:-100001} count=${2:-20000}
exec python3 tests/property/test_facts.py --driver build/release/tests/facts_driver --seeds "$first" $((first + count))
