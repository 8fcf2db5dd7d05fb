#!/bin/bash
# Attacks the daemon and prints tables of what becomes of it.
#
#   scripts/attack.sh [--build FOLDER] handlers [--short] [--connections N] [--slowest MS] [NAME…]
#   scripts/attack.sh [--build FOLDER] clients [--short] [--seconds N] [NAME…]
#
# handlers: each bad handler of tests/attack/handlers.lua in a daemon of its own: what ended it, what
#           it took of the processor, how long others' pings took meanwhile, and what it has left.
# clients:  each attack of tests/attack/clients.py, by another user if that is possible, for ten seconds:
#           others' pings meanwhile, the daemon's processor time, memory and log, descriptors left.
#
# The build folder is build/ unless told otherwise. The status is 1 if anything is not as it should.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

build=$root/build
if [ "${1-}" = --build ]; then
    build=${2:?} && shift 2
fi
[ $# -gt 0 ] || die "usage: attack.sh [--build FOLDER] handlers|clients [option…]"
[ -x "$build/bin/sockd" ] || die "$build has no sockd: build it first"
export SOCKD_BIN=$build/bin PYTHONPATH=$root/tests/harness PYTHONDONTWRITEBYTECODE=1

part=$1
shift
case $part in
handlers) exec /usr/bin/python3 "$root/tests/attack/attack.py" "$@" ;;
clients) exec /usr/bin/python3 "$root/tests/attack/clients.py" "$@" ;;
*) die "attack.sh knows no $part" ;;
esac
