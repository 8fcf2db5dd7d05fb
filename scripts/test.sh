#!/bin/bash
# Installs what is missing, builds three times and tests: with gcc, with gcc and the sanitizers,
# and with clang (for its warnings, and for the fuzz targets); then the lint. Its last line is the
# sum.
#
#   scripts/test.sh [CTEST-OPTION…]     e.g. -R e2e, to run a part
#
# Everything it makes is under build-test/.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

out=$root/build-test
sanitizer=$out/sanitizer
jobs=$(nproc)
passed=0 failed=0 skipped=0

# check NAME COMMAND…: one test of the sum.
check() {
    local name=$1
    shift
    step "$name"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$name"
    fi
}

# build NAME OPTION…
build() {
    local folder=$out/$1
    shift
    configure "$folder" "$@" && compile "$folder" -j "$jobs"
}

attribute() {
    sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$2" 2>/dev/null | head -1 || true
}

# run NAME CTEST-OPTION…: every test of the build NAME.
run() {
    local folder=$out/$1 report=$out/$1/report.xml total bad missed
    shift
    step "tests of ${folder##*/}"
    rm -f "$report"
    ctest --test-dir "$folder" -j "$jobs" --output-on-failure --output-junit "$report" "$@" || true
    total=$(attribute tests "$report")
    if [ "${total:-0}" -eq 0 ]; then
        printf 'FAILED: no test has run\n'
        failed=$((failed + 1))
        return
    fi
    bad=$(attribute failures "$report")
    missed=$(($(attribute skipped "$report") + $(attribute disabled "$report")))
    passed=$((passed + total - bad - missed)) failed=$((failed + bad)) skipped=$((skipped + missed))
}

# The daemon and the tests write there what a sanitizer has to say; nothing may be said.
no_sanitizer_report() {
    local files=("$sanitizer"/*)
    [ -e "${files[0]}" ] || return 0
    head -n 60 "${files[@]}"
    return 1
}

step "packages"
need_packages "${build_packages[@]}" "${test_packages[@]}"
need_node_client || printf 'No client from npm: its test is skipped.\n'
mkdir -p "$out"
rm -rf "$sanitizer"
# Some tests run their programs as another user.
mkdir -m 1777 "$sanitizer"
export SOCKD_SANITIZER_LOG=$sanitizer
export ASAN_OPTIONS=log_path=$sanitizer/asan:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=log_path=$sanitizer/ubsan:print_stacktrace=1

check "building (1 of 3): with gcc" build release -DCMAKE_C_COMPILER=gcc
check "building (2 of 3): with gcc and the sanitizers" build sanitize -DCMAKE_C_COMPILER=gcc -DSOCKD_SANITIZE=ON
check "building (3 of 3): with clang" build clang -DCMAKE_C_COMPILER=clang -DSOCKD_FUZZ=ON
check "lint (clang-tidy takes the most of it)" "$root/scripts/lint.sh" "$out/release"
run release "$@"
run sanitize "$@"
[ $# -gt 0 ] || run clang -L fuzz
check "sanitizers have nothing to say" no_sanitizer_report

printf '\n'
summary="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || summary+=", $skipped skipped"
printf '%s\n' "$summary"
[ "$failed" -eq 0 ]
