#!/bin/bash
# `sockd run` as a program: its exit status, what it prints and where, and when it ends.
#
#   test_run.sh SOCKD
set -uo pipefail
sockd=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# expect NAME STATUS OUTPUT [ARGUMENT…] <SCRIPT: runs the script that stands on standard input.
expect() {
    local name=$1 status=$2 output=$3 got
    shift 3
    cat >"$folder/script.lua"
    got=$("$sockd" run "$folder/script.lua" "$@" 2>"$folder/errors")
    local got_status=$?
    if [ "$got_status" != "$status" ] || [ "$got" != "$output" ]; then
        printf 'FAILED: %s: status %s, output %q\n' "$name" "$got_status" "$got"
        cat "$folder/errors"
        failed=1
    fi
}

# The last script's standard error has this in it.
expect_error() {
    if ! grep -qF -- "$1" "$folder/errors"; then
        printf 'FAILED: standard error lacks %s:\n' "$1"
        cat "$folder/errors"
        failed=1
    fi
}

expect 'a script that ends' 0 'hello' <<'END'
print('hello')
END

expect 'a first line for the shell, and arguments' 0 $'a\tb c\t2' a 'b c' <<'END'
#!/usr/bin/env -S sockd run
print(arg[1], arg[2], select('#', ...))
END

expect 'os.exit' 7 'before' <<'END'
print('before')
os.exit(7)
print('after')
END

expect 'os.exit from another fiber' 3 '' <<'END'
require('fiber').create(function() os.exit(3) end)
require('fiber').sleep(100)
END

expect 'os.exit(true)' 0 '' <<'END'
os.exit(true)
END

expect 'an uncaught error' 1 'printed before' <<'END'
print('printed before')
local function deep() error('on purpose') end
deep()
END
expect_error 'script.lua:2: on purpose'
expect_error 'stack traceback:'
expect_error "in function 'deep'"

expect 'a syntax error' 1 '' <<'END'
this is no Lua
END
expect_error 'script.lua:1:'

expect 'an error in another fiber does not end the script' 0 'still here' <<'END'
local fiber = require('fiber')
fiber.create(function() error('on purpose') end)
fiber.sleep(0.01)
print('still here')
END
expect_error 'script.lua:2: on purpose'

expect 'it lasts as long as its fibers' 0 $'main\nfiber' <<'END'
local fiber = require('fiber')
fiber.create(function() fiber.sleep(0.05) print('fiber') end)
print('main')
END

expect 'it lasts as long as its servers' 0 $'main\nserved' <<'END'
local fiber, socket = require('fiber'), require('socket')
local listener, address
listener, address = socket.tcp_server('127.0.0.1', 0, function(sock)
    sock:write('bye')
    listener:close()
end)
fiber.create(function()
    fiber.sleep(0.05)
    if socket.tcp_connect('127.0.0.1', address.port):read(3) == 'bye' then print('served') end
end)
print('main')
END

expect 'it takes the files of its unix listeners along' 0 '' "$folder/left.sock" <<'END'
require('socket').tcp_server('unix/', arg[1], print)
os.exit()
END
if [ -e "$folder/left.sock" ]; then
    echo 'FAILED: the file of a unix listener is left'
    failed=1
fi

"$sockd" run "$folder/none.lua" 2>"$folder/errors"
[ $? = 1 ] || { echo 'FAILED: a script that is not there'; failed=1; }
expect_error 'none.lua'

# Signals.
cat >"$folder/script.lua" <<'END'
print('ready')
while true do end
END
for signal in INT TERM; do
    coproc "$sockd" run "$folder/script.lua"
    pid=$COPROC_PID
    read -r _ <&"${COPROC[0]}"
    kill -"$signal" "$pid"
    wait "$pid"
    [ $? = $((128 + $(kill -l "$signal"))) ] || { echo "FAILED: SIG$signal"; failed=1; }
done

# A reader of standard output that stalls keeps nothing else waiting, and nothing is lost.
cat >"$folder/script.lua" <<'END'
local fiber = require('fiber')
local worker = fiber.create(function()
    for i = 1, 100000 do print(('line %06d'):format(i)) end
end)
fiber.sleep(0.05)
io.stderr:write(worker:status() == 'suspended' and 'stalled\n' or 'did not stall\n')
END
"$sockd" run "$folder/script.lua" 2>"$folder/errors" | {
    until grep -qs stalled "$folder/errors"; do :; done
    cksum >"$folder/got"
}
for i in $(seq -f %06g 1 100000); do echo "line $i"; done | cksum >"$folder/wanted"
cmp -s "$folder/got" "$folder/wanted" || { echo 'FAILED: lines were lost'; failed=1; }
expect_error 'stalled'
! grep -q 'did not' "$folder/errors" || { echo 'FAILED: print waited for its reader'; failed=1; }

# A reader that is gone does not end the script.
"$sockd" run <(echo 'for i = 1, 100000 do print(i) end io.stderr:write("done\n")') \
    2>"$folder/errors" | head -1 >/dev/null
expect_error 'done'

# One that nobody joins is over all the same.
"$sockd" run <(echo 'require("fiber").new(function() end):set_joinable(true) io.stderr:write("ends\n")') \
    2>"$folder/errors"
expect_error 'ends'

exit $failed
