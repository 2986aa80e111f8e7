#!/bin/sh
# The long form of the rules' property tests, run by hand: tests/soak/rules.sh BUILD [SEEDS [FIRST]]
# FIRST is the first of the SEEDS cases: another one than last time looks at new ones.
set -eu
build=$1
seeds=${2:-100000}
first=${3:-0}
here=$(cd "$(dirname "$0")/.." && pwd)
python3 "$here/property/test_rules.py" --driver "$build/tests/rules_driver" --seeds "$first" $((first + seeds)) \
  --shuffle-seeds "$first" $((first + seeds / 10))
python3 "$here/rules/test_timeline.py" --driver "$build/tests/rules_driver" --source "$here/.." --shuffles 2000
