#!/bin/bash
# Builds sockd, starts it on a private socket with the example handlers, shows a connection being
# served, and leaves it in the foreground. Ctrl-C ends it.
#
#   scripts/run.sh [--demo]     --demo: ends by itself, with the status of the demonstration
#
# SOCKD_BUILD names another build folder than build/, which is then taken as it is.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

case "${1-}" in
'' | --demo) ;;
*) die "usage: scripts/run.sh [--demo]" ;;
esac

if [ -z "${SOCKD_BUILD-}" ]; then
    need_packages "${build_packages[@]}"
    SOCKD_BUILD=$root/build
    step "building into ${SOCKD_BUILD#"$PWD"/}"
    configure "$SOCKD_BUILD" -DBUILD_TESTING=OFF
    compile "$SOCKD_BUILD"
fi
PATH=$SOCKD_BUILD/bin:$PATH

folder=$(mktemp -d)
export SOCKD_SOCKET=$folder/sockd.sock
daemon=

finish() {
    if [ -n "$daemon" ]; then
        kill -TERM "$daemon" 2>/dev/null || true
        wait "$daemon" || true
    fi
    rm -rf "$folder"
}
trap finish EXIT

# Shows a command, on the script's own output whatever becomes of the command's, and runs it.
exec 3>&1
show() {
    printf '$ %s\n' "$*" >&3
    eval "$*"
}

start() {
    step "starting sockd on $SOCKD_SOCKET"
    # In a process group of its own: Ctrl-C reaches this script, which ends the daemon.
    set -m
    sockd --load "$root/lua/handlers" 3>&- &
    daemon=$!
    set +m
    until sockctl sockd.ping >/dev/null 2>&1; do
        kill -0 "$daemon" 2>/dev/null || die "sockd did not start"
        sleep 0.05
    done
}

demonstrate() {
    local server address port id reply
    step "a server: connections are served by the function echo of lua/handlers/"
    { read -r server && read -r address; } < <(show sockctl server 127.0.0.1 0 echo)
    port=${address##*:}
    printf '%s\n%s\n' "$server" "$address"

    step "a client: several commands share one connection"
    id=$(show sockctl connect 127.0.0.1 "$port")
    printf '%s\n' "$id"
    show "printf 'hello, %s\\n' world | sockctl send $id -"
    reply=$(show "sockctl read $id --until '\\n' --timeout 5")
    printf '%s\n' "$reply"
    show sockctl ls
    show sockctl close "$id"
    [ "$reply" = "hello, world" ]
}

start
demonstrate
if [ "${1-}" = --demo ]; then
    step "ending sockd"
    kill -TERM "$daemon"
    wait "$daemon"
    daemon=
    exit 0
fi

trap 'exit 0' INT TERM
cat <<END

sockd goes on serving; Ctrl-C ends it. In another shell:

  export SOCKD_SOCKET=$SOCKD_SOCKET PATH=$SOCKD_BUILD/bin:\$PATH
  sockctl ls
  id=\$(sockctl connect example.com 80)
  printf 'HEAD / HTTP/1.0\\r\\n\\r\\n' | sockctl send \$id -
  sockctl read \$id --until '\\r\\n'
  sockctl --help
END
wait "$daemon"
