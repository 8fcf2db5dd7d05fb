#!/bin/bash
# Checks the tree: format, layers, clang-tidy, cppcheck, the scripts themselves.
#
#   scripts/lint.sh [BUILD-FOLDER]     default build/; it must be configured with the tests
#
# What clang-tidy found clean is remembered by content in the build folder, so the second time is
# fast. SOCKD_FORMAT=fix puts the format right instead of checking it.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
cd "$root"
build=${1:-build}
[ -f "$build/compile_commands.json" ] || die "$build is no configured build folder"
failed=0

# Those that are in the tree or about to be.
sources() {
    git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done
}

# lint NAME COMMAND…
lint() {
    local name=$1
    shift
    printf 'lint: %s\n' "$name"
    "$@" || {
        printf 'lint: %s is not clean\n' "$name"
        failed=1
    }
}

format() {
    local mode=(--dry-run --Werror)
    [ "${SOCKD_FORMAT-}" != fix ] || mode=(-i)
    sources '*.c' '*.h' | xargs -r clang-format "${mode[@]}"
}

tidy() {
    sources 'base/*.c' 'protocol/*.c' 'client/*.c' 'daemon/*.c' |
        xargs -r -n 1 -P "$(nproc)" scripts/tidy.sh "$build"
}

# Its view of leaks knows no cleanup attributes, and of lists no objects on the stack; the
# sanitizers look for both better.
check_c() {
    sources 'base/*.c' 'protocol/*.c' 'client/*.c' 'daemon/*.c' |
        cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
            --error-exitcode=1 --suppress=missingInclude --suppress=missingIncludeSystem \
            --suppress=memleak --suppress=resourceLeak \
            --suppress=autoVariables --suppress=unknownMacro \
            --suppress=nullPointerRedundantCheck \
            -j "$(nproc)" -D_GNU_SOURCE -I . -I daemon -I client/include --file-list=-
}

check_shell() {
    sources '*.sh' .ci/run | xargs -r shellcheck -x -S warning
}

check_python() {
    sources '*.py' | xargs -r /usr/bin/python3 -c '
import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path).read(), path)'
}

lint format format
lint layers /usr/bin/python3 scripts/check_layers.py
lint clang-tidy tidy
lint cppcheck check_c
lint shellcheck check_shell
lint python check_python
[ "$failed" -eq 0 ] && echo "lint: clean"
