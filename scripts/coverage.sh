#!/bin/bash
# Which lines and branches of the project's own C the tests reach.
#
#   scripts/coverage.sh [CTEST-OPTION…]      e.g. -R unit, to count what a part reaches
#
# Builds with gcov's counters in build-test/coverage, runs every test, those with samples of the
# sweeps included, and the short form of scripts/attack.sh; then scripts/coverage.py adds up what all
# their processes counted. Afterwards it says more without another run:
#
#   scripts/coverage.py build-test/coverage --missed
#
# The aim: 95 % of the lines and 90 % of the branches.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

build=$root/build-test/coverage
counters=$build/counters

need_packages "${build_packages[@]}" "${test_packages[@]}"
step "build"
configure "$build" -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DSOCKD_COVERAGE=ON
ninja -C "$build" --quiet
# Every user's processes make a folder there. What the build itself has run does not count.
rm -rf "$counters"
mkdir -m 1777 "$counters"

step "tests"
failed=0
ctest --test-dir "$build" -j "$(nproc)" --output-on-failure "$@" || failed=$((failed + 1))
if [ $# -eq 0 ] && [ -x "$root/scripts/attack.sh" ]; then
    step "attack"
    "$root/scripts/attack.sh" --build "$build" handlers --short || failed=$((failed + 1))
fi

step "coverage"
"$root/scripts/coverage.py" "$build" || failed=$((failed + 1))
# What failed may have reached less than it should.
[ "$failed" -eq 0 ] || die "not all of it went well"
