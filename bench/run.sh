#!/bin/bash
# Measures sockd beside the limit, which is a bare epoll server in C, and beside its peers.
#
#   bench/run.sh [ROW…] [--peers LIST] [--rounds N] [--passes N] [--seconds S] [--list]
#
#   ROW        which work; default all. --list names them
#   --peers    which servers, comma-separated; default all that can do the work. The limit is always one
#   --rounds   how often each is measured, turn by turn; default 5
#   --passes   how often all of that is done; default 1. A machine that others share has slow and fast
#              minutes, which may hit one row: three passes of three rounds tell more than nine rounds
#   --seconds  for how long each time; default 1
#
# SOCKD_BUILD names a build folder that has been built with SOCKD_BENCH=ON, which is then taken as it is.
#
# The server runs on one core and the generator on another. What is compared is the CPU time that the
# server's process spends on a request, which other work on the machine hardly changes: `ratio` is
# the limit's divided by the server's, round by round, so 1.00 is the limit and more is better.
# All figures are medians. Every byte that is answered is compared with what it must be. All of it happens
# in a network of its own, if the system lets that be made, with Debian's congestion control, cubic.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
# shellcheck source=bench/servers.sh
. "$root/bench/servers.sh"
build='' server_core='' load_core='' descriptors='' # `prepare` finds them out

# Name, servers, mode of the server, transport, arguments of the generator, title.
rows() {
    local socket='limit sockd libevent luv cqueues tarantool'
    local control='limit sockd redis redis-echo tarantool nvim'
    cat <<END
echo|$socket|echo|tcp|stream --connections 64|echo 64 B, 64 connections, one at a time
echo-1000|$socket|echo|tcp|stream --connections 1000|echo 64 B, 1,000 connections, one at a time
echo-10000|$socket|echo|tcp|stream --connections 10000|echo 64 B, 10,000 connections, one at a time
echo-unix|$socket|echo|unix|stream --connections 64|echo 64 B, 64 connections, unix sockets
echo-16k|$socket|echo|tcp|stream --connections 16 --size 16384|echo 16 KiB, 16 connections, one at a time
lines|$socket|lines|tcp|stream --lines --connections 64|lines of 64 B, 64 connections, one at a time
lines-deep|$socket|lines|tcp|stream --lines --connections 64 --depth 16|lines of 64 B, 64 connections, 16 deep
once|$socket|once|tcp|connect --connections 16|connect, one line, close
bulk|$socket|bulk|tcp|stream --size 65536 --depth 64 --refill|one connection in bulk, both ways, a request is 64 KiB
fair|$socket|echo|tcp|stream --connections 1000 --size 1024 --depth 16 --refill --each|1,000 connections that keep sending 1 KiB
rpc|$control|rpc|unix|rpc|RPC, 1 connection, one at a time
rpc-deep|$control|rpc|unix|rpc --depth 128|RPC, 1 connection, 128 deep
rpc-50|$control|rpc|unix|rpc --connections 50|RPC, 50 connections, one at a time
rpc-50-deep|$control|rpc|unix|rpc --connections 50 --depth 16|RPC, 50 connections, 16 deep
pair|limit sockd|rpc|unix|rpc --rpc pair|RPC send and read of 64 B in turn, 1 connection, one at a time
pair-deep|limit sockd|rpc|unix|rpc --rpc pair --depth 128|RPC send and read of 64 B in turn, 1 connection, 128 deep
pair-50|limit sockd|rpc|unix|rpc --rpc pair --connections 50|RPC send and read of 64 B in turn, 50 connections, one at a time
pair-50-deep|limit sockd|rpc|unix|rpc --rpc pair --connections 50 --depth 16|RPC send and read of 64 B in turn, 50 connections, 16 deep
idle|$socket|echo|tcp|idle|memory of an idle connection
END
}

rounds=5
passes=1
seconds=1
peers=
wanted=()
arguments=("$@")
while [ $# -gt 0 ]; do
    case $1 in
    --rounds) rounds=${2:?} && shift ;;
    --passes) passes=${2:?} && shift ;;
    --seconds) seconds=${2:?} && shift ;;
    --peers) peers=${2:?} && shift ;;
    --list) rows | awk -F'|' '{ printf "%-14s%s\n", $1, $6 }' && exit 0 ;;
    -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" && exit 0 ;;
    -*) die "unknown option $1; see --help" ;;
    *)
        rows | grep -q "^$1|" || die "no row is named $1; see --list"
        wanted+=("$1")
        ;;
    esac
    shift
done

in_own_network "${arguments[@]+"${arguments[@]}"}"

make_folder
declare -A failed=()
results=$folder/results

# Those of the row's servers that are asked for.
chosen() {
    local name
    for name in $1; do
        if [ -z "$peers" ] || [ "$name" = limit ] || is_in "$name" "$peers"; then
            printf '%s ' "$name"
        fi
    done
}

# measure ROW SERVER ADDRESS ARGUMENT…: one line of results. A server that fails once has no further
# turn in the row.
measure() {
    local row=$1 server=$2 address=$3 figures
    shift 3
    if figures=$(timeout 60 taskset -c "$load_core" "$build/bin/sockd-bench-load" "$1" "$address" \
        --pid "${pids[$server]}" "${@:2}" 2>"$folder/load.log"); then
        printf '%s %s %s\n' "$row" "$server" "$figures" >>"$results"
    else
        printf '%s: %s: %s\n' "$row" "$server" "$(tail -n 1 "$folder/load.log")" >&2
        failed[$server]=1
    fi
}

# Memory is measured in a fresh process, once: it is the same every time.
run_idle() {
    local row=$1 servers=$2 mode=$3 transport=$4 server
    local connections=$((descriptors > 10500 ? 10000 : descriptors - 500))
    for server in $servers; do
        start_server "$server" "$mode" "$transport"
        measure "$row" "$server" "${addresses[$server]}" idle --connections "$connections"
        stop_server "$server"
    done
}

run_timed() {
    local row=$1 servers=$2 mode=$3 transport=$4 server round arguments kind
    read -ra arguments <<<"$5"
    failed=()
    for server in $servers; do start_server "$server" "$mode" "$transport"; done
    for ((round = 0; round < rounds; round++)); do
        for server in $servers; do
            [ -z "${failed[$server]-}" ] || continue
            read -ra kind <<<"$(rpc_kind "$server" "$5")"
            measure "$row" "$server" "${addresses[$server]}" "${arguments[@]}" "${kind[@]}" \
                --seconds "$seconds"
        done
    done
    for server in $servers; do stop_server "$server"; done
}

report() {
    awk -v row="$1" -v title="$2" -f "$root/bench/medians.awk" -f "$root/bench/report.awk" "$results"
}

# run_row PASS ROW SERVERS MODE TRANSPORT ARGUMENTS TITLE: the last pass shows what all have measured.
run_row() {
    local pass=$1 row=$2 servers
    servers=$(chosen "$3")
    if [ "$row" != idle ]; then
        run_timed "$row" "$servers" "$4" "$5" "$6"
    elif [ "$pass" = "$passes" ]; then
        run_idle "$row" "$servers" "$4" "$5"
    fi
    [ "$pass" != "$passes" ] || report "$row" "$7"
}

run_pass() {
    local pass=$1 row servers mode transport arguments title
    while IFS='|' read -r row servers mode transport arguments title <&3; do
        if [ ${#wanted[@]} -eq 0 ] || is_in "$row" "${wanted[*]}"; then
            run_row "$pass" "$row" "$servers" "$mode" "$transport" "$arguments" "$title"
        fi
    done 3< <(rows)
}

prepare
: >"$results"
for ((pass = 1; pass <= passes; pass++)); do run_pass "$pass"; done
