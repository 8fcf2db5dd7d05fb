#!/bin/bash
# Makes every allocation and every system call of the programs fail in turn, and prints what came of
# it: a table for the daemon (each method and what needs several), and one for the programs (start and
# end, check, run, sockctl, libsockd), with and without the address sanitizer.
#
#   scripts/sweep.sh [OPTION…]     the sweeps' own: --only REGEX, --every N, --most N, --verbose
#
# The columns: points tried; those whose fault was not met; answers as if nothing were (fine), errors
# as they should be (refused), a connection that ended (dropped), an answer after a fault that lasted
# had gone (late); and then the faults, of which there are to be none: the process died, something was
# left behind, something waits for ever, an answer was wrong, ping is not answered, the loop spins.
#
# What allocates for Lua has a sweep of its own (--kinds lua): the kernel has no memory for a block, or
# --lua-memory is all used. Left out are names of users in sockctl, of which glibc makes sure by
# abort(3). Everything that it makes is under build-sweep/.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

out=$root/build-sweep
failed=0
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$root/tests/harness:$root/tests/sweep

build() {
    local folder=$out/$1
    shift
    configure "$folder" "$@" &&
        ninja -C "$folder" --quiet bin/sockd bin/sockctl sweep_lua sockd_faults sweep_library
}

# sweep BUILD PROGRAM OPTION…
sweep() {
    local folder=$out/$1 program=$2
    shift 2
    step "${folder##*/}: $program $*"
    SOCKD_BIN=$folder/bin SOCKD_FAULTS_LIBRARY=$folder/tests/sweep/libsockd_faults.so \
        SOCKD_SWEEP_LIBRARY=$folder/bin/sweep_library \
        /usr/bin/python3 "$root/tests/sweep/sweep_$program.py" "$@" || failed=1
}

[ "$(uname -m)" = x86_64 ] || die "the faults need x86-64"
need_packages "${build_packages[@]}" "${test_packages[@]}"
build release -DSOCKD_LTO=OFF
build sanitize -DSOCKD_LTO=OFF -DSOCKD_SANITIZE=ON

sweep release daemon "$@"
sweep release programs "$@"
sweep release daemon --kinds lua "$@"
export SOCKD_SANITIZED=1
sweep sanitize daemon --kinds memory "$@"
sweep sanitize programs --kinds memory "$@"
sweep sanitize daemon --kinds lua "$@"
[ "$failed" -eq 0 ]
