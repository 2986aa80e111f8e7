#!/bin/bash
# 50 subscribers, 10 of them stopped and 10 connecting anew all the time; the larger run of e2e_crowd.
#   THAW_BUILD=build/release tests/soak/crowd.sh [ROUNDS]
set -eu
export THAW_CROWD=50 THAW_CROWD_ROUNDS=${1:-100} THAW_BUILD=${THAW_BUILD:-build/release}
exec /usr/bin/python3 -B "$(dirname "$0")/../e2e/test_crowd.py" Crowd
