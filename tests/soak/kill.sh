#!/bin/sh
# Kills thawd 500 times under load, and 500 times while the past is dropped (tests/durability/test_kill.py); run
# by hand.
#   THAW_BUILD=build/release tests/soak/kill.sh [KILLS] [SEED]
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
: "${THAW_BUILD:?names the build folder}"
THAW_BUILD=$(cd "$THAW_BUILD" && pwd)
export THAW_BUILD
python=python3
"$python" -c "import zmq, msgpack" 2>/dev/null || python=/usr/bin/python3
THAW_KILLS=${1:-500} THAW_SEED=${2:-1} PYTHONPATH="$here/e2e" exec "$python" -B "$here/durability/test_kill.py"
