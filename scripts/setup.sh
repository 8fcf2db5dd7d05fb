#!/bin/bash
# Installs what is missing to build sockd and, with --tests, to test it.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

case "${1-}" in
'') need_packages "${build_packages[@]}" ;;
--tests)
    need_packages "${build_packages[@]}" "${test_packages[@]}"
    need_node_client
    ;;
*) die "usage: scripts/setup.sh [--tests]" ;;
esac
