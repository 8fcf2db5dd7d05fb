#!/bin/bash
# Calls every function and every method with arguments by chance, for minutes.
#
#   scripts/random_calls.sh [SECONDS [SEED]]        for so long each (300), in build-test/sanitize
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

build=$root/build-test/sanitize
configure "$build" -DSOCKD_SANITIZE=ON
step "building"
compile "$build" sockd
export SOCKD_RANDOM_SECONDS=${1:-300} SOCKD_RANDOM_SEED=${2:-0}
export SOCKD_BIN=$build/bin SOCKD_SOURCE=$root SOCKD_BUILD=$build SOCKD_SANITIZED=1
export PYTHONPATH=$root/tests/harness PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 "$root/tests/e2e/test_random_calls.py"
