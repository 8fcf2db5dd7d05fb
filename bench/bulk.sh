#!/bin/bash
# Measures how bytes in bulk come through sockd to a client: every way, beside a direct socket.
#
#   bench/bulk.sh [ROW…] [--ways LIST] [--size MIB] [--rounds N] [--list]
#
#   ROW        which direction; default all. --list names them, and the ways
#   --ways     by which ways, comma-separated; default all. `direct` is always one
#   --size     how much is moved each time, in MiB; default 1024
#   --rounds   how often by each way, turn by turn; default 5
#
# SOCKD_BUILD names a build folder that has been built with SOCKD_BENCH=ON, which is then taken as it is.
#
# The far end, which sends or receives by TCP, has one core; the daemon and the client share another.
# `ratio` is the CPU time that the client needs with a direct socket divided by what daemon and client
# need together, round by round; `speed` is the rate divided by that of the direct socket. All figures
# are medians. All sockets have TCP_NODELAY. Every byte is compared; what it costs to compare is in the
# client's time where the client does it itself, thus not by attach and by socat, at whose pipes another
# process does.
#
# All of it happens in a network of its own, if the system lets that be made, with Debian's congestion
# control, cubic: where BBR is the machine's, each connection gets another speed by chance.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
# shellcheck source=bench/servers.sh
. "$root/bench/servers.sh"
build='' server_core='' load_core='' # `prepare` finds them out
peer_packages=(socat util-linux iproute2)

# Name, MiB down and up as shares of the size, title.
rows() {
    cat <<END
down|1|0|from the far end to the client
up|0|1|from the client to the far end
both|1|1|both ways at once
END
}

ways() {
    cat <<END
direct|the client's own socket: the limit
take|a socket that the daemon connected and sockd.take let go
stream|libsockd: sockd.stream with credit, and write
attach|sockctl attach, between two pipes
socat|socat with its blocks of 8 KiB, between two pipes
socat-256k|socat with blocks of 256 KiB
END
}

list() {
    { rows | cut -d'|' -f1,4 && echo && ways; } | awk -F'|' '{ printf "%-14s%s\n", $1, $2 }'
}

rounds=5
size=1024
chosen=direct,take,stream,attach,socat,socat-256k
wanted=()
arguments=("$@")
while [ $# -gt 0 ]; do
    case $1 in
    --ways) chosen=direct,${2:?} && shift ;;
    --size) size=${2:?} && shift ;;
    --rounds) rounds=${2:?} && shift ;;
    --list) list && exit 0 ;;
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

bulk() {
    timeout 120 taskset -c "$server_core" "$build/bin/sockd-bench-bulk" "$@"
}

# The command between two pipes is on the client's core; who writes and reads these is with the far end.
piped() {
    local sizes=("${@:1:4}")
    shift 4
    timeout 120 taskset -c "$load_core" "$build/bin/sockd-bench-bulk" pipe "${sizes[@]}" \
        --pid "${pids[sockd]}" taskset -c "$server_core" "$@"
}

# transfer WAY FAR-ADDRESS --down MIB --up MIB: prints the figures.
transfer() {
    local way=$1 far=$2 control=$folder/sockd.sock handle sockctl
    sockctl=("$build/bin/sockctl" --socket "$control")
    shift 2
    case $way in
    direct) bulk direct "$@" "$far" ;;
    take | stream) bulk "$way" "$@" --control "$control" --pid "${pids[sockd]}" "$far" ;;
    attach)
        handle=$("${sockctl[@]}" tcp_connect "$far")
        "${sockctl[@]}" setsockopt "$handle" tcp TCP_NODELAY 1
        piped "$@" "${sockctl[@]}" attach "$handle"
        ;;
    socat) piped "$@" socat -t 60 - "TCP:$far,nodelay" ;;
    socat-256k) piped "$@" socat -t 60 -b 262144 - "TCP:$far,nodelay" ;;
    esac
}

# One line of results. A way that fails once has no further turn in the row.
measure() {
    local row=$1 way=$2 figures
    shift 2
    if figures=$(transfer "$way" "$@" 2>"$folder/bulk.log"); then
        printf '%s %s %s\n' "$row" "$way" "$figures" >>"$results"
    else
        printf '%s: %s: %s\n' "$row" "$way" "$(tail -n 1 "$folder/bulk.log")" >&2
        failed[$way]=1
    fi
}

start_far() {
    local port
    port=$("$build/bin/sockd-bench-load" port)
    addresses[far]=127.0.0.1:$port
    taskset -c "$load_core" "$build/bin/sockd-bench-bulk" far "$@" "${addresses[far]}" \
        >"$folder/far.log" 2>&1 </dev/null &
    pids[far]=$!
}

# Both servers listen before anything is measured.
await() {
    local tries=250
    until [ -S "$folder/sockd.sock" ]; do
        [ $((tries--)) -gt 0 ] || die "sockd does not start: $(tail -n 1 "$folder/sockd.log")"
        sleep 0.02
    done
}

run_row() {
    local row=$1 sizes=(--down $((size * $2)) --up $((size * $3))) round way
    failed=()
    start_far "${sizes[@]}"
    for ((round = 0; round < rounds; round++)); do
        for way in ${chosen//,/ }; do
            [ -n "${failed[$way]-}" ] || measure "$row" "$way" "${addresses[far]}" "${sizes[@]}"
        done
    done
    stop_server far
    awk -v row="$row" -v title="$4" -f "$root/bench/medians.awk" -f "$root/bench/bulk.awk" "$results"
}

prepare
: >"$results"
start_server sockd rpc unix
await
while IFS='|' read -r row down up title <&3; do
    if [ ${#wanted[@]} -eq 0 ] || is_in "$row" "${wanted[*]}"; then
        run_row "$row" "$down" "$up" "$title"
    fi
done 3< <(rows)
