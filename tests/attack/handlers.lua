-- Bad handlers. Each returns a function that gets a connection and misbehaves. `attack.py` takes
-- them by name; what it expects of each is the second value: 'ends' (stopped within its budget),
-- 'goes on' (busy or harmless, and polite: it must not be in anybody's way), or 'any'.
local fiber = require('fiber')
local socket = require('socket')
local json = require('json')
local msgpack = require('msgpack')
local log = require('log')

local bad, order = {}, {}
local function add(name, expected, fn)
    order[#order + 1] = name
    bad[name] = {expected = expected, fn = fn}
end

local function spin()
    while true do
    end
end

-- ---- plain loops ----

add('while', 'ends', spin)
add('repeat', 'ends', function() repeat until false end)
add('for', 'ends', function() for _ = 1, math.huge do end end)
add('goto', 'ends', function() ::again:: goto again end)
add('goto-back-and-forth', 'ends', function() ::a:: goto b ::c:: goto a ::b:: goto c end)
add('nested-for', 'ends', function()
    for _ = 1, math.huge do for _ = 1, 1000 do end end
end)
add('arithmetic', 'ends', function()
    local x = 1
    while true do x = (x * 1103515245 + 12345) % 2147483648 end
end)
add('tail-call', 'ends', function()
    local function f() return f() end
    return f()
end)
add('mutual-tail-calls', 'ends', function()
    local f, g
    function f() return g() end
    function g() return f() end
    return f()
end)
add('recursion', 'ends', function()
    local function f(n) return 1 + f(n + 1) end
    return f(1)
end)
add('recursion-caught', 'ends', function()
    local function f(n) return 1 + f(n + 1) end
    while true do pcall(f, 1) end
end)
add('fibonacci', 'ends', function()
    local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
    return fib(60)
end)
add('ackermann', 'ends', function()
    local function a(m, n)
        if m == 0 then return n + 1 end
        if n == 0 then return a(m - 1, 1) end
        return a(m - 1, a(m, n - 1))
    end
    while true do pcall(a, 4, 2) end
end)
add('many-arguments', 'ends', function()
    local t = {}
    for i = 1, 200 do t[i] = i end
    while true do select('#', unpack(t)) end
end)
add('vararg', 'ends', function()
    local function f(...) return select('#', ...) + select(-1, ...) end
    while true do f(1, 2, 3) end
end)
add('closures-made', 'ends', function()
    while true do local x = 1; local _ = function() x = x + 1 end end
end)
add('empty-calls', 'ends', function()
    local function f() end
    while true do f() end
end)
add('collatz-without-end', 'ends', function()
    local n = 0.5
    while n ~= 1 do n = n % 2 == 0 and n / 2 or 3 * n + 1 if n > 1e300 then n = 0.5 end end
end)

-- ---- what catches errors ----

add('pcall', 'ends', function() while true do pcall(spin) end end)
add('pcall-nested', 'ends', function()
    local function deep(n) if n == 0 then spin() end while true do pcall(deep, n - 1) end end
    deep(20)
end)
add('pcall-of-error', 'ends', function() while true do pcall(error, 'x') end end)
add('pcall-of-table', 'ends', function() while true do pcall(error, {}) end end)
add('error-loop', 'ends', function()
    while true do pcall(function() local x; return x.y end) end
end)
add('assert-loop', 'ends', function() while true do pcall(assert, false, 'no') end end)
add('xpcall', 'ends', function()
    while true do xpcall(spin, function(e) return e end) end
end)
add('xpcall-traceback', 'ends', function() while true do xpcall(spin, debug.traceback) end end)
add('xpcall-handler', 'ends', function() xpcall(error, spin) end)
add('xpcall-handler-loop', 'ends', function() while true do xpcall(error, spin) end end)
add('xpcall-handler-of-the-stop', 'ends', function() xpcall(spin, spin) end)
add('xpcall-handler-fails', 'ends', function()
    while true do xpcall(error, function(e) error(e) end) end
end)
add('xpcall-nested-handlers', 'ends', function()
    xpcall(function() xpcall(spin, spin) end, function() xpcall(spin, spin) end)
end)
add('xpcall-in-sort', 'ends', function()
    table.sort({3, 2, 1}, function() xpcall(spin, spin) return false end)
end)
add('xpcall-in-gsub', 'ends', function()
    ('abc'):gsub('.', function() xpcall(spin, spin) end)
end)
add('pcall-in-sort', 'ends', function()
    table.sort({3, 2, 1}, function() while true do pcall(spin) end end)
end)
add('pcall-of-sort', 'ends', function()
    while true do pcall(table.sort, {3, 2, 1}, spin) end
end)

-- ---- metamethods ----

for _, name in ipairs({'add', 'sub', 'mul', 'div', 'mod', 'pow', 'concat', 'eq', 'lt', 'le'}) do
    add('meta-' .. name, 'ends', function()
        local meta = {['__' .. name] = spin}
        local a, b = setmetatable({}, meta), setmetatable({}, meta)
        local _ = ({
            add = function() return a + b end, sub = function() return a - b end,
            mul = function() return a * b end, div = function() return a / b end,
            mod = function() return a % b end, pow = function() return a ^ b end,
            concat = function() return a .. b end, eq = function() return a == b end,
            lt = function() return a < b end, le = function() return a <= b end,
        })[name]()
    end)
end
add('meta-unm', 'ends', function() return -setmetatable({}, {__unm = spin}) end)
add('meta-index', 'ends', function() return setmetatable({}, {__index = spin}).x end)
add('meta-newindex', 'ends', function() setmetatable({}, {__newindex = spin}).x = 1 end)
add('meta-call', 'ends', function() setmetatable({}, {__call = spin})() end)
add('meta-tostring', 'ends', function() tostring(setmetatable({}, {__tostring = spin})) end)
add('meta-tostring-print', 'ends', function() print(setmetatable({}, {__tostring = spin})) end)
add('meta-tostring-log', 'ends', function() log.info(setmetatable({}, {__tostring = spin})) end)
add('meta-index-caught', 'ends', function()
    local t = setmetatable({}, {__index = spin})
    while true do pcall(function() return t.x end) end
end)
add('meta-lt-in-sort', 'ends', function()
    local meta = {__lt = spin}
    local t = {}
    for i = 1, 10 do t[i] = setmetatable({}, meta) end
    table.sort(t)
end)
add('meta-index-chain', 'ends', function()
    local t = {}
    for _ = 1, 90 do t = setmetatable({}, {__index = t}) end
    while true do local _ = t.x end
end)
add('meta-concat-loop', 'ends', function()
    local t = setmetatable({}, {__concat = function(a) return a end})
    while true do t = t .. 'x' end
end)
add('meta-len-loop', 'ends', function()
    local t = setmetatable({}, {__index = function(_, k) return k end})
    local x = 0
    while true do x = x + t[1] end
end)

-- ---- coroutines ----

add('coroutine', 'ends', function() coroutine.resume(coroutine.create(spin)) end)
add('coroutine-loop', 'ends', function()
    while true do coroutine.resume(coroutine.create(spin)) end
end)
add('wrap', 'ends', function() coroutine.wrap(spin)() end)
add('wrap-nested', 'ends', function()
    local function deep(n) if n == 0 then spin() end return coroutine.wrap(deep)(n - 1) end
    deep(50)
end)
add('wrap-in-pcall', 'ends', function() while true do pcall(coroutine.wrap(spin)) end end)
add('wrap-in-sort', 'ends', function()
    table.sort({3, 2, 1}, function() coroutine.wrap(spin)() return false end)
end)
add('wrap-in-gsub', 'ends', function() ('abc'):gsub('.', coroutine.wrap(spin)) end)
add('sort-in-wrap', 'ends', function()
    coroutine.wrap(function() table.sort({3, 2, 1}, spin) end)()
end)
add('coroutine-ping-pong', 'ends', function()
    local co = coroutine.wrap(function() while true do coroutine.yield() end end)
    while true do co() end
end)
add('coroutines-made', 'ends', function()
    while true do coroutine.wrap(function() end)() end
end)
add('generator', 'ends', function()
    for _ in coroutine.wrap(function() while true do coroutine.yield(1) end end) do end
end)
add('two-generators', 'ends', function()
    local a = coroutine.wrap(function() while true do coroutine.yield(1) end end)
    local b = coroutine.wrap(function() while true do coroutine.yield(a()) end end)
    while true do b() end
end)
add('bare-yield', 'goes on', function() while true do coroutine.yield() end end)
add('yield-in-pcall', 'goes on', function() while true do pcall(coroutine.yield) end end)
add('coroutine-dead', 'ends', function()
    local co = coroutine.create(function() end)
    while true do coroutine.resume(co) end
end)

-- ---- iterators ----

add('iterator', 'ends', function() for _ in function() return 1 end do end end)
add('iterator-spins', 'ends', function() for _ in spin do end end)
add('pairs', 'ends', function()
    local t = {1, 2, 3}
    while true do for _ in pairs(t) do end end
end)
add('ipairs', 'ends', function()
    local t = {1, 2, 3}
    while true do for _ in ipairs(t) do end end
end)
add('ipairs-endless', 'ends', function()
    for _ in ipairs(setmetatable({}, {__index = function(_, i) return i end})) do end
    spin()
end)
add('next', 'ends', function() local t = {1} while true do next(t) end end)
add('foreach', 'ends', function() table.foreach({1, 2, 3}, spin) end)
add('gmatch', 'ends', function()
    while true do for _ in ('abc'):gmatch('.') do end end
end)

-- ---- short calls of C, and long ones ----

add('rep', 'ends', function() while true do local _ = ('x'):rep(40000000) end end)
add('rep-short', 'ends', function() while true do local _ = ('x'):rep(1000) end end)
add('rep-caught', 'ends', function() while true do pcall(string.rep, 'x', 40000000) end end)
add('concat', 'ends', function()
    local t = {}
    for i = 1, 100000 do t[i] = 'xxxxxxxx' end
    while true do table.concat(t) end
end)
add('sort', 'ends', function()
    local t = {}
    while true do
        for i = 1, 100000 do t[i] = (i * 7919) % 100003 end
        table.sort(t)
    end
end)
add('sort-comparator', 'ends', function() table.sort({1, 2, 3}, spin) end)
add('sort-with-closure', 'ends', function()
    local t = {}
    while true do
        for i = 1, 100000 do t[i] = (i * 7919) % 100003 end
        table.sort(t, function(a, b) return a < b end)
    end
end)
add('gsub-callback', 'ends', function() ('abc'):gsub('.', spin) end)
add('gsub-loop', 'ends', function()
    local text = ('abc'):rep(10000)
    while true do text:gsub('b', 'b') end
end)
add('gsub-recursion', 'ends', function()
    local function f() return (('x'):gsub('x', f)) end
    f()
end)
add('pattern-bomb', 'ends', function()
    while true do pcall(string.find, ('a'):rep(28), ('a?'):rep(28) .. ('a'):rep(28)) end
end)
add('pattern-quadratic', 'ends', function()
    while true do pcall(string.find, ('x'):rep(10000), '.-y') end
end)
add('format', 'ends', function() while true do local _ = ('%s %d'):format('x', 1) end end)
add('format-wide', 'ends', function() while true do local _ = ('%99.99f'):format(1e300) end end)
add('byte', 'ends', function()
    local text = ('x'):rep(5000)
    while true do text:byte(1, -1) end
end)
add('reverse', 'ends', function()
    local text = ('x'):rep(1000000)
    while true do text:reverse():upper() end
end)
add('insert-front', 'ends', function()
    local t = {}
    while true do table.insert(t, 1, 0) end
end)
add('remove-front', 'ends', function()
    local t = {}
    for i = 1, 30000 do t[i] = i end
    while true do table.insert(t, table.remove(t, 1)) end
end)
add('tonumber', 'ends', function() while true do tonumber('0x1p4') end end)
add('load', 'ends', function() while true do loadstring('return 1')() end end)
add('load-big', 'ends', function()
    local text = ('local x = 1 '):rep(150)
    while true do loadstring(text) end
end)
add('load-reader', 'ends', function() load(function() return ' ' end) end)
add('load-reader-spins', 'ends', function() load(spin) end)
add('load-and-spin', 'ends', function() loadstring('while true do end')() end)
add('require', 'ends', function()
    package.preload.attack = spin
    require('attack')
end)
add('require-again', 'ends', function()
    while true do
        package.preload.attack_again = function() return true end
        require('attack_again')
        package.loaded.attack_again = nil
    end
end)
add('require-fails', 'ends', function() while true do pcall(require, 'no.such.module') end end)
add('json-encode', 'ends', function()
    local t = {}
    for i = 1, 10000 do t[i] = i end
    while true do json.encode(t) end
end)
add('json-decode', 'ends', function()
    local text = '[' .. ('1,'):rep(100000) .. '1]'
    while true do json.decode(text) end
end)
add('json-serialize', 'ends', function()
    json.encode(setmetatable({}, {__serialize = spin}))
end)
add('json-errors', 'ends', function() while true do pcall(json.decode, '{') end end)
add('msgpack-encode', 'ends', function()
    local t = {}
    for i = 1, 10000 do t[i] = i end
    while true do msgpack.encode(t) end
end)
add('msgpack-decode', 'ends', function()
    local text = msgpack.encode({('x'):rep(1000), {1, 2, 3}})
    while true do msgpack.decode(text) end
end)
add('msgpack-serialize', 'ends', function()
    msgpack.encode(setmetatable({}, {__serialize = spin}))
end)
add('collect', 'ends', function() while true do collectgarbage() end end)
add('collect-steps', 'ends', function() while true do collectgarbage('step') end end)
add('traceback', 'ends', function() while true do debug.traceback() end end)
add('getinfo', 'ends', function() while true do debug.getinfo(1) end end)
add('sethook', 'any', function() pcall(debug.sethook) spin() end)
add('clock', 'ends', function() while true do fiber.clock() end end)
add('clock-wait', 'ends', function()
    local stop = fiber.clock() + 1000
    while fiber.clock() < stop do end
end)
add('os-time', 'ends', function() while true do os.time() end end)
add('math', 'ends', function() while true do math.sin(math.random()) end end)

-- ---- finalizers ----

add('newproxy', 'ends', function()
    while true do local p = newproxy(true) getmetatable(p).__gc = function() end end
end)
add('weak-tables', 'ends', function()
    local t = setmetatable({}, {__mode = 'k'})
    while true do t[{}] = {} end
end)

-- ---- fibers ----

add('fibers', 'ends', function() while true do fiber.create(function() end) end end)
add('fibers-new', 'ends', function() while true do fiber.new(function() end) end end)
add('fibers-in-pcall', 'ends', function()
    while true do pcall(fiber.create, function() end) end
end)
add('fibers-in-wrap', 'ends', function()
    coroutine.wrap(function() while true do fiber.create(function() end) end end)()
end)
add('fibers-sleep', 'ends', function()
    while true do fiber.create(fiber.sleep, 3600) end
end)
add('fibers-sleep-caught', 'ends', function()
    while true do pcall(fiber.create, fiber.sleep, 3600) end
end)
add('fibers-spin', 'ends', function() while true do fiber.create(spin) end end)
add('fibers-new-spin', 'ends', function() while true do fiber.new(spin) end end)
add('fibers-recursive', 'ends', function()
    local function bomb() while true do fiber.create(bomb) end end
    bomb()
end)
add('fibers-joinable', 'ends', function()
    while true do fiber.new(function() end):set_joinable(true) end
end)
add('fibers-wait-forever', 'ends', function()
    local channel = fiber.channel(0)
    while true do fiber.create(function() channel:get() end) end
end)
add('fiber-chain-nested', 'any', function()
    local function link() fiber.create(link) end
    link()
end)
add('fiber-chain', 'any', function()
    local function link() fiber.new(link) end
    link()
    fiber.sleep(0.2)
end)
add('fibers-create-and-join', 'any', function()
    while true do
        local f = fiber.new(function() end)
        f:set_joinable(true)
        f:join()
    end
end)
add('fiber-yield', 'goes on', function() while true do fiber.yield() end end)
add('fiber-sleep-0', 'goes on', function() while true do fiber.sleep(0) end end)
add('fiber-sleep-tiny', 'goes on', function() while true do fiber.sleep(1e-9) end end)
add('fiber-work-and-yield', 'goes on', function()
    while true do for _ = 1, 100000 do end fiber.yield() end
end)
add('channel-ping-pong', 'goes on', function()
    local a, b = fiber.channel(0), fiber.channel(0)
    fiber.create(function() while true do b:put(a:get()) end end)
    while true do a:put(1) b:get() end
end)
add('channel-to-itself', 'any', function()
    local a = fiber.channel(1)
    while true do a:put(1) a:get() end
end)
add('cond-signals', 'ends', function()
    local c = fiber.cond()
    while true do c:signal() end
end)
add('cond-ping-pong', 'goes on', function()
    local a, b = fiber.cond(), fiber.cond()
    fiber.create(function() while true do a:signal() b:wait() end end)
    while true do b:signal() a:wait() end
end)
add('wakeup-loop', 'ends', function() local f = fiber.self() while true do f:wakeup() end end)
add('cancel-loop', 'ends', function()
    local f = fiber.create(function() while true do pcall(fiber.sleep, 1) end end)
    while true do f:cancel() end
end)
add('fiber-info', 'ends', function() while true do fiber.info() end end)
add('fiber-names', 'ends', function() while true do fiber.name(('x'):rep(200)) end end)
add('fiber-find', 'ends', function() while true do fiber.find(1) end end)

-- ---- sockets ----

add('read-nothing', 'ends', function(c) while true do c:read(0) end end)
add('read-after-eof', 'ends', function(c) c:shutdown(socket.SHUT_RD) while true do c:read(1) end end)
add('read-lines-after-eof', 'ends', function(c)
    c:shutdown(socket.SHUT_RD)
    while true do local _ = c:read('\n') end
end)
add('read-nonblocking', 'ends', function(c) while true do c:read(1, 0) end end)
add('sysread-nonblocking', 'ends', function(c)
    c:nonblock(true)
    while true do c:sysread(10) end
end)
add('write-nothing', 'ends', function(c) while true do c:write('') end end)
add('write-after-shutdown', 'ends', function(c)
    c:shutdown(socket.SHUT_WR)
    while true do c:write('x') end
end)
add('writable', 'ends', function(c) while true do c:writable() end end)
add('readable-0', 'ends', function(c) while true do c:readable(0) end end)
add('closed-socket', 'ends', function(c)
    c:close()
    while true do pcall(c.read, c, 1) end
end)
add('select-0', 'ends', function(c)
    local s = require('socket')
    if not s.select then spin() end
    while true do s.select(nil, {c}, 0) end
end)
add('name-loop', 'ends', function(c) while true do c:name() c:peer() end end)
add('flood-own-peer', 'goes on', function(c)
    local block = ('x'):rep(65536)
    while c:write(block) do end
end)
add('flood-bytes', 'goes on', function(c) while c:write('x') do end end)
add('sockets', 'ends', function()
    while true do socket('AF_INET', 'SOCK_STREAM', 'tcp') end
end)
add('sockets-kept', 'ends', function()
    local t = {}
    while true do t[#t + 1] = socket('AF_INET', 'SOCK_STREAM', 'tcp') or nil end
end)
add('listeners', 'ends', function()
    while true do socket.tcp_server('127.0.0.1', 0, function() end) end
end)
add('connect-refused', 'any', function()
    while true do socket.tcp_connect('127.0.0.1', 1, 0.1) end
end)
add('socketpairs', 'ends', function()
    while true do
        local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
        if a then a:close() b:close() end
    end
end)

-- ---- output ----

add('log-flood', 'any', function() while true do log.info('x') end end)
add('log-big', 'any', function() local s = ('x'):rep(100000) while true do log.info(s) end end)
add('print-flood', 'any', function() while true do print('x') end end)

-- ---- memory ----

add('strings', 'ends', function()
    local t = {}
    while true do t[#t + 1] = ('x'):rep(1048576) .. #t end
end)
add('one-string', 'ends', function() local s = 'x' while true do s = s .. s end end)
add('small-tables', 'ends', function() local t = {} while true do t = {t} end end)
add('big-table', 'ends', function()
    local t, i = {}, 0
    while true do i = i + 1 t[i] = i end
end)
add('hash', 'ends', function()
    local t, i = {}, 0
    while true do i = i + 1 t['k' .. i] = i end
end)
add('kept-closures', 'ends', function()
    local t = {}
    while true do local x = #t t[#t + 1] = function() return x end end
end)
add('kept-coroutines', 'ends', function()
    local t = {}
    while true do t[#t + 1] = coroutine.create(spin) end
end)
add('strings-caught', 'ends', function()
    while true do
        pcall(function()
            local t = {}
            while true do t[#t + 1] = ('x'):rep(1048576) .. #t end
        end)
    end
end)
add('globals', 'any', function()
    local i = 0
    while true do i = i + 1 _G['attack_' .. i % 1000] = ('x'):rep(10000) .. i end
end)
add('concat-grows', 'ends', function() local s = '' while true do s = s .. 'xxxxxxxxxx' end end)
add('deep-json', 'ends', function()
    local t = {}
    for _ = 1, 100000 do t = {t} end
    while true do pcall(json.encode, t) end
end)
add('unpack-huge', 'ends', function()
    while true do pcall(unpack, {}, 1, 7000) end
end)

-- ---- what others share ----

add('string-metatable', 'ends', function()
    local meta = {__index = function() spin() end}
    return setmetatable({}, meta).x
end)
add('environment', 'ends', function()
    setfenv(1, setmetatable({}, {__index = spin}))
    return anything -- luacheck: ignore
end)
add('returns-at-once', 'any', function() end)
add('throws-at-once', 'any', function() error('x') end)
add('throws-nothing', 'any', function() error() end)
add('throws-table', 'any', function() error(setmetatable({}, {__tostring = spin})) end)

attack = {}
for name, entry in pairs(bad) do
    attack[(name:gsub('-', '_'))] = entry.fn
end

function attack_list()
    local list = {}
    for i, name in ipairs(order) do
        list[i] = {name, bad[name].expected}
    end
    return list
end
