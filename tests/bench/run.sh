#!/bin/bash
# Measures thawd beside its baselines and peers: installs the peers, builds, and runs bench.py.
#
#   tests/bench/run.sh                 every case, five rounds each: about half an hour
#   tests/bench/run.sh --quick         a tenth of the events, one round: does everything work?
#   tests/bench/run.sh ipc-1 publish-1 these cases; bench.py --help says more
#
# The table goes to the terminal, the figures as JSON to build/release/bench.json.
set -eu
cd "$(dirname "$0")/../.."
peers=(nats-server libnats-dev redis-tools libhiredis-dev libclips-dev sec valgrind python3-zmq python3-msgpack)

missing=()
for package in "${peers[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing ${missing[*]}"
    sudo=()
    [ "$(id -u)" = 0 ] || sudo=(sudo)
    "${sudo[@]}" apt-get update -q >/dev/null
    # RUNLEVEL: their services are not to be started, the bench starts its own.
    "${sudo[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
fi
cmake --preset release >/dev/null
cmake --build --preset release >/dev/null
args=("$@")
[ "${1:-}" = --quick ] && args=(--quick --rounds 1 "${@:2}")
exec /usr/bin/python3 tests/bench/bench.py --json build/release/bench.json "${args[@]}"
