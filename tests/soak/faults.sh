#!/bin/sh
# Calls of thawd fail in turn (tests/durability/test_faults.py), and many more allocations than the test run tries;
# half a second each.
#   THAW_BUILD=build/release tests/soak/faults.sh [ALLOCATIONS]
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
: "${THAW_BUILD:?names the build folder}"
THAW_BUILD=$(cd "$THAW_BUILD" && pwd)
export THAW_BUILD THAW_FAULT_ALLOCS=${1:-700} THAW_FAULTS=$THAW_BUILD/tests/durability_faults.so
python=python3
"$python" -c "import zmq, msgpack" 2>/dev/null || python=/usr/bin/python3
PYTHONPATH="$here/e2e" exec "$python" -B "$here/durability/test_faults.py"
