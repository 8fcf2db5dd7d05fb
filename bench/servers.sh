# The servers that are measured: how each is installed, started and ended. Sourced by bash; needs
# $root and scripts/lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154 # used by, or set by, those that source it

# Redis is taken from its tools, whose server program waits to be called by its name: the package
# redis-server would leave a service running on the machine.
peer_packages=(tarantool luajit lua-cqueues lua-luv redis-tools neovim util-linux iproute2)

# in_own_network ARGUMENT…: begins this script anew, with these arguments, in a network of its own with
# Debian's congestion control, cubic. Where BBR is the machine's, each connection gets another speed by
# chance. Goes on here where the system does not allow it. Installs what is missing first: there is no way
# out of that network.
in_own_network() {
    local unshare=(unshare --net)
    if [ "${SOCKD_BENCH_NETWORK-}" = own ]; then
        ip link set lo up
        ip route change local 127.0.0.1 dev lo table local src 127.0.0.1 congctl cubic
        return
    fi
    need_packages "${build_packages[@]}" "${peer_packages[@]}"
    [ "$(id -u)" -eq 0 ] || unshare+=(--map-root-user)
    if "${unshare[@]}" true 2>/dev/null; then
        exec "${unshare[@]}" env SOCKD_BENCH_NETWORK=own "$0" "$@"
    fi
    echo "$0: no network of its own: the figures depend on the machine's" >&2
}

folder='' # of `make_folder`
declare -A pids=() addresses=()

finish() {
    local name
    for name in "${!pids[@]}"; do stop_server "$name"; done
    rm -rf "$folder"
}

# A folder for what the servers need, which goes with them when the script ends.
make_folder() {
    folder=$(mktemp -d)
    trap finish EXIT
    trap 'exit 130' INT TERM
}

# is_in WORD LIST: of words separated by commas or blanks.
is_in() {
    case " ${2//,/ } " in *" $1 "*) return 0 ;; esac
    return 1
}

# Builds, installs, and finds out which cores there are.
prepare() {
    local cores
    need_packages "${build_packages[@]}" "${peer_packages[@]}"
    build=${SOCKD_BUILD-}
    if [ -z "$build" ]; then
        build=$root/build-bench
        step "building into ${build#"$PWD"/}"
        configure "$build" -DBUILD_TESTING=OFF -DSOCKD_BENCH=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo
        ninja -C "$build" --quiet
    fi
    cores=$(taskset -cp $$ | sed 's/.*: //; s/[,-]/ /g')
    server_core=${cores%% *}
    load_core=${cores##* }
    ulimit -n "$(ulimit -Hn)"
    descriptors=$(ulimit -n)
    [ "$descriptors" != unlimited ] || descriptors=1000000
    ln -s /usr/bin/redis-check-rdb "$folder/redis-server"
}

# The command that starts a server, into the array `command`.
server_command() {
    local name=$1 mode=$2 host=$3 port=$4 address=$5
    case $name in
    limit) command=("$build/bin/sockd-bench-limit" "$mode" "$address") ;;
    libevent) command=("$build/bin/sockd-bench-libevent" "$mode" "$address") ;;
    luv | cqueues) command=(luajit "$root/bench/peers/$name.lua" "$mode" "$host" "$port") ;;
    tarantool)
        [ "$mode" != rpc ] || host=$folder
        command=(tarantool "$root/bench/peers/tarantool.lua" "$mode" "$host" "$port")
        ;;
    redis | redis-echo)
        command=("$folder/redis-server" --port 0 --unixsocket "$port" --save '' --dir "$folder")
        ;;
    nvim) command=(nvim --headless --clean -n --listen "$port") ;;
    sockd)
        command=("$build/bin/sockd")
        if [ "$mode" = rpc ]; then
            command+=(--socket "$port")
        else
            export SOCKD_BENCH="$mode $host $port"
            command+=(--socket "$folder/control.sock" --load "$root/bench/handlers.lua")
        fi
        ;;
    esac
}

# start_server NAME MODE TRANSPORT: its process is in pids, its address in addresses. Whoever
# connects waits until it listens. The command may be run by another, in the array `wrapper`.
start_server() {
    local name=$1 mode=$2 transport=$3 host port command=()
    if [ "$transport" = unix ]; then
        host=unix/
        port=$folder/$name.sock
        addresses["$name"]=unix:$port
        rm -f "$port"
    else
        host=127.0.0.1
        port=$("$build/bin/sockd-bench-load" port)
        addresses["$name"]=$host:$port
    fi
    server_command "$name" "$mode" "$host" "$port" "${addresses[$name]}"
    taskset -c "$server_core" ${wrapper[@]+"${wrapper[@]}"} "${command[@]}" \
        >"$folder/$name.log" 2>&1 </dev/null &
    pids["$name"]=$!
}

# Ends it, by force if it does not want to.
stop_server() {
    local pid=${pids[$1]} tries=250
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null && [ $((tries--)) -gt 0 ]; do sleep 0.02; done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    unset "pids[$1]"
}

# What to request of whom, as an option of the generator, where the row leaves it open.
rpc_kind() {
    case "$1 $2" in
    *--rpc* | *' stream'* | *' connect'*) ;;
    redis' '*) echo --rpc redis-ping ;;
    redis-echo' '*) echo --rpc redis-echo ;;
    tarantool' '*) echo --rpc tarantool ;;
    nvim' '*) echo --rpc nvim ;;
    esac
}
