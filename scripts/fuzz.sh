#!/bin/bash
# Builds the fuzz targets with clang and the sanitizers and runs each over its corpus and beyond.
#
#   scripts/fuzz.sh [SECONDS [TARGET…]]             each for so long (60), in build-test/fuzz
#   scripts/fuzz.sh --runs N BUILD TARGET…          so many inputs, in a build that is there: the tests
#
# What reaches new code gathers in BUILD/fuzz/found/TARGET, from where the next run goes on; what
# crashes a target is kept in BUILD/fuzz as crash-TARGET-*.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

all=(message rpc client answers async decode config lua pass split pieces)

if [ "${1-}" = --runs ]; then
    [ $# -ge 4 ] || die "usage: fuzz.sh --runs N BUILD TARGET…"
    bound="-runs=$2" build=$3
    shift 3
else
    bound="-max_total_time=${1:-60}" build=$root/build-test/fuzz
    [ $# -eq 0 ] || shift
    need_packages "${build_packages[@]}" clang libclang-rt-14-dev
    configure "$build" -DCMAKE_C_COMPILER=clang -DSOCKD_FUZZ=ON -DBUILD_TESTING=OFF
    step "building the fuzz targets"
    compile "$build" "${all[@]/#/fuzz_}"
fi
[ $# -gt 0 ] || set -- "${all[@]}"

# A report goes to the terminal, whatever the tests say about where they want theirs.
export ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1
for target; do
    # Lua's heap and a server that stays from one input to the next are no leaks, and looking for one
    # after each input takes longer than the input. What such an input leaves its target looks for.
    options=(-detect_leaks=1 -max_len=65536)
    case $target in
        decode | rpc) options=(-detect_leaks=0 -max_len=65536) ;;
        lua | pass | split) options=(-detect_leaks=0 -max_len=2048 -len_control=0) ;;
    esac
    found=$build/fuzz/found/$target
    mkdir -p "$found"
    printf '== %s\n' "$target"
    log=$build/fuzz/$target.log
    "$build/fuzz/fuzz_$target" "$bound" -timeout=20 "${options[@]}" -rss_limit_mb=4096 -verbosity=1 \
        -artifact_prefix="$build/fuzz/crash-$target-" \
        "$found" "$root/fuzz/corpus/$target" >"$log" 2>&1 || {
        tail -n 60 "$log"
        die "$target has failed; its input is in $build/fuzz/crash-$target-*"
    }
    tail -n 1 "$log"
done
