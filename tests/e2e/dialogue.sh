#!/bin/sh
# A dialogue with a server over several commands, as a user would hold it; run by test_shell.py.
#
#   SOCKD_SOCKET=… dialogue.sh PORT FOLDER
#
# At PORT an HTTP server gives out FOLDER/data, and a second one at FOLDER/echo.port echoes.
set -eu
port=$1 folder=$2

same() {
    [ "$1" = "$2" ] || {
        printf 'expected "%s", got "%s"\n' "$2" "$1" >&2
        exit 1
    }
}

# Lines from a web server.
id=$(sockctl connect 127.0.0.1 "$port")
printf 'HEAD / HTTP/1.0\r\n\r\n' | sockctl send "$id" -
same "$(sockctl read "$id" --until '\r\n' --timeout 20 | tr -d '\r')" "HTTP/1.0 200 OK"
same "$(sockctl errno "$id")" 0
sockctl close "$id"

# Every byte value, 10 MiB of them, there and back.
echo=$(cat "$folder/echo.port")
id=$(sockctl connect 127.0.0.1 "$echo")
sockctl write "$id" - <"$folder/data" &
size=$(wc -c <"$folder/data")
sockctl read "$id" --limit "$size" >"$folder/back"
wait $!
cmp "$folder/data" "$folder/back"
sockctl close "$id"
