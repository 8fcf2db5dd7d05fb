#!/bin/bash
# Counts the instructions that sockd runs outside the kernel for one request, under callgrind: a
# figure that hardly depends on what else the machine does (it repeats to about one percent), for
# comparing one change with another.
#
#   bench/instructions.sh [ROW…] [--limit] [--keep FOLDER]
#
#   ROW      echo, lines, rpc, pair; default all
#   --limit  count those of the bare epoll servers too
#   --keep   leave callgrind's files in this folder, for callgrind_annotate
#
# It is the difference of two runs of different length, divided by the difference in requests; so
# starting and ending count for nothing; addresses are not randomized, or starting would vary. One
# connection, one request at a time.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
# shellcheck source=bench/servers.sh
. "$root/bench/servers.sh"

short=1000
long=20000
rows=()
servers=(sockd)
keep=
build='' load_core='' # `prepare` finds them out

while [ $# -gt 0 ]; do
    case $1 in
    echo | lines | rpc | pair) rows+=("$1") ;;
    --limit) servers+=(limit) ;;
    --keep) keep=${2:?} && shift ;;
    -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" && exit 0 ;;
    *) die "unknown argument $1; see --help" ;;
    esac
    shift
done
[ ${#rows[@]} -gt 0 ] || rows=(echo lines rpc pair)

# count SERVER MODE TRANSPORT REQUESTS FILE ARGUMENT…: runs one length, prints the instructions.
count() {
    local server=$1 mode=$2 transport=$3 requests=$4 file=$5
    shift 5
    wrapper=(setarch --addr-no-randomize valgrind --quiet --tool=callgrind "--callgrind-out-file=$file")
    start_server "$server" "$mode" "$transport"
    timeout 120 taskset -c "$load_core" "$build/bin/sockd-bench-load" "$1" "${addresses[$server]}" \
        --count "$requests" "${@:2}" >/dev/null
    stop_server "$server"
    awk '$1 == "totals:" || $1 == "summary:" { total = $2 } END { print total }' "$file"
}

# per_request ROW SERVER: prints the figure.
per_request() {
    local row=$1 server=$2 mode=$1 transport=tcp arguments=(stream) few many
    case $row in
    lines) arguments=(stream --lines) ;;
    rpc) transport=unix arguments=(rpc) ;;
    pair) mode=rpc transport=unix arguments=(rpc --rpc pair) ;;
    esac
    few=$folder/$row.$server.$short
    many=$folder/$row.$server.$long
    count "$server" "$mode" "$transport" "$short" "$few" "${arguments[@]}" >"$folder/few"
    count "$server" "$mode" "$transport" "$long" "$many" "${arguments[@]}" >"$folder/many"
    echo $((($(<"$folder/many") - $(<"$folder/few")) / (long - short)))
    [ -z "$keep" ] || cp "$few" "$many" "$keep/"
}

need_packages valgrind
make_folder
prepare
[ -z "$keep" ] || mkdir -p "$keep"
printf '%-7s%-7s%s\n' row server 'instructions per request'
for row in "${rows[@]}"; do
    for server in "${servers[@]}"; do
        per_request "$row" "$server" >"$folder/figure"
        printf '%-7s%-7s%d\n' "$row" "$server" "$(<"$folder/figure")"
    done
done
