#!/bin/bash
# clang-tidy on one file, unless the same text has been found clean before; scripts/lint.sh's.
#
#   scripts/tidy.sh BUILD-FOLDER FILE
set -euo pipefail
build=$1 file=$2
cache=$build/tidy-cache
mkdir -p "$cache"

# The file and all that it includes from the tree, after the preprocessor, and the rules.
text() {
    clang -E -D_GNU_SOURCE -std=gnu11 -I . -I daemon -I client/include -I /usr/include/luajit-2.1 \
        "$file"
    clang-tidy --version
    cat .clang-tidy scripts/tidy_lua.h
}

lua=(--extra-arg=-Wno-ignored-optimization-argument)
! grep -q '<lua.h>\|<lauxlib.h>\|fiber/\|binding/' "$file" ||
    lua+=("--extra-arg=-include" "--extra-arg=$PWD/scripts/tidy_lua.h"
        --extra-arg=-isystem/usr/include/luajit-2.1)

hash=$(text 2>/dev/null | sha256sum | cut -d ' ' -f 1)
[ ! -e "$cache/$hash" ] || exit 0
# It counts aloud the warnings of system headers, which it does not show.
output=$(clang-tidy -p "$build" --quiet "${lua[@]}" "$file" 2>&1) || {
    printf '%s\n' "$output" | grep -v 'warnings generated\.$'
    exit 1
}
touch "$cache/$hash"
