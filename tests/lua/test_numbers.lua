-- Numbers that a double holds and an integer of C does not.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local errno = require('errno')
local fiber = require('fiber')
local socket = require('socket')

check.case('numbers beyond the ends of what they stand for', function()
    local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    local beyond = 2 ^ 32 -- what is left of it in 32 bits is nothing
    for _, number in ipairs({-1, 0, 0.5, -2 ^ 63, 2 ^ 53 + 2, 2 ^ 64, 1e308, -1e308, 1 / 0, -1 / 0, 0 / 0}) do
        check.equal(fiber.find(number), nil)
        check.throws('the fiber is dead', fiber.cancel, number)
        check.throws('the fiber is dead', fiber.wakeup, number)
    end
    for _, number in ipairs({sock:fd() + beyond, sock:fd() - beyond, 1e308, -1 / 0, 0 / 0}) do
        check.equal(socket.from_fd(number), nil)
        check.equal(errno(), errno.EBADF)
    end
    for _, level in ipairs({-1, -22, -2 ^ 31, -1 / 0, 0 / 0}) do
        check.equal(sock:setsockopt(level, 'SO_KEEPALIVE', 1), false)
        check.equal(sock:errno(), errno.ENOPROTOOPT)
    end
    for _, number in ipairs({beyond, beyond + 1, -beyond, 1e308, 1 / 0, 0 / 0}) do
        check.equal(sock:setsockopt('SOL_SOCKET', 'SO_KEEPALIVE', number), false)
        check.equal(sock:errno(), errno.EINVAL)
        check.equal(socket(number + 2, 'SOCK_STREAM', 'tcp'), nil)
    end
    for _, number in ipairs({-1, 2 ^ 31, beyond, 1e308, 1 / 0, -1 / 0, 0 / 0}) do
        check.equal(sock:linger(true, number), nil)
        check.equal(sock:errno(), errno.EINVAL)
    end
    check.equal(errno.strerror(beyond + errno.EINVAL), errno.strerror(2 ^ 31 - 1))
    sock:close()
end)

check.case('a number is no address', function()
    local a, b = check.pair()
    for _, number in ipairs({0LL, 1LL, 4096LL, -1LL, 18446744073709551615ULL}) do
        check.throws('Usage', a.syswrite, a, number, 1)
        check.throws('number expected', a.sysread, a, number, 1)
    end
    check.throws('Usage', a.syswrite, a, require('ffi').cast('char *', -1), 1)
    a:close()
    b:close()
end)

check.finish()
