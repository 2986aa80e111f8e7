#!/bin/sh
# The long form of the rules' property tests, run by hand: tests/soak/rules.sh BUILD [SEEDS]
set -eu
build=$1
seeds=${2:-100000}
here=$(cd "$(dirname "$0")/.." && pwd)
python3 "$here/property/test_rules.py" --driver "$build/tests/rules_driver" --seeds 0 "$seeds" \
  --shuffle-seeds 0 $((seeds / 10))
python3 "$here/rules/test_timeline.py" --driver "$build/tests/rules_driver" --source "$here/.." --shuffles 2000
