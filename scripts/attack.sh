#!/bin/bash
# Attacks a daemon of its own and prints what that cost others, as a table.
#
#   scripts/attack.sh [--short] [--seconds N] [--build FOLDER] [PART…]
#
#   PART       a program scripts/attack/PART.py; default all of them
#   --short    a second or less for each attack, as in the tests; otherwise ten
#   --seconds  for each attack
#   --build    whose bin/sockd it is; default build/, which is then built
#
# Ends with 1 if a daemon died, did not answer, kept something, or wrote too much into its log.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

seconds=10
build=
parts=()
while [ $# -gt 0 ]; do
    case $1 in
    --short) seconds=0.7 ;;
    --seconds) seconds=${2:?} && shift ;;
    --build) build=${2:?} && shift ;;
    -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" && exit 0 ;;
    -*) die "unknown option $1; see --help" ;;
    *) parts+=("$1") ;;
    esac
    shift
done
if [ ${#parts[@]} -eq 0 ]; then
    for file in "$root"/scripts/attack/*.py; do
        parts+=("$(basename "$file" .py)")
    done
fi
if [ -z "$build" ]; then
    build=$root/build
    configure "$build"
    ninja -C "$build" --quiet
fi

export SOCKD_BIN=$build/bin SOCKD_BUILD=$build PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH=$root/tests/harness${PYTHONPATH:+:$PYTHONPATH}
failed=0
for part in "${parts[@]}"; do
    [ -f "$root/scripts/attack/$part.py" ] || die "there is no part $part"
    printf '== %s, %s s each\n' "$part" "$seconds"
    /usr/bin/python3 "$root/scripts/attack/$part.py" "$seconds" || failed=1
done
exit "$failed"
