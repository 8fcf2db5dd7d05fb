-- The modules of Tarantool that are loaded when somebody requires them.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local tarantool = require('tarantool')

check.case('a module is there from when it is required', function()
    check.equal(package.loaded.uri, nil)
    check.equal(require('uri'), package.loaded.uri)
    check.throws("module 'string.lua' not found", require, 'string.lua')
    check.throws("module 'tarantool.uri' not found", require, 'tarantool.uri')
end)

check.case('a file of the same name goes first', function()
    local folder = check.path('modules')
    assert(os.execute('mkdir ' .. folder) == 0)
    local file = assert(io.open(folder .. '/uri.lua', 'w'))
    file:write("return 'own'")
    file:close()
    local path, uri = package.path, package.loaded.uri
    package.path, package.loaded.uri = folder .. '/?.lua', nil
    check.equal(require('uri'), 'own')
    package.path, package.loaded.uri = path, uri
    os.execute('rm -r ' .. folder)
end)

check.case('it says what it is', function()
    check.equal(tarantool.version, '2.6.0')
    check.equal(tarantool.package, 'sockd')
    check.equal(tarantool.pid(), require('sockd').info().pid)
    check.truthy(tarantool.uptime() >= 0)
end)

-- The collector of lua.gc.* looks at everything whenever something is made.
local MANY = os.getenv('SOCKD_TEST_GC') and 200 or 20000

check.case('long texts', function()
    local long = ('0123456789abcdef '):rep(MANY)
    check.equal(long:hex():fromhex() == long, true)
    check.equal(#long:split(), MANY)
    check.equal(#long:split('f '), MANY + 1)
    check.equal(#(' '):rep(MANY):strip(), 0)
end)

-- The examples of FIPS 180 and RFC 1321.
check.case('hashes in hexadecimal digits', function()
    local digest = require('digest')
    check.equal(digest.md5_hex('abc'), '900150983cd24fb0d6963f7d28e17f72')
    check.equal(digest.sha1_hex('abc'), 'a9993e364706816aba3e25717850c26c9cd0d89d')
    check.equal(digest.sha224_hex('abc'), '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7')
    check.equal(digest.sha256_hex('abc'),
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    check.equal(digest.sha384_hex('abc'), 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163'
        .. '1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7')
    check.equal(digest.sha512_hex('abc'), 'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a'
        .. '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f')
end)

check.case('the depth of a table is no limit', function()
    local deep = {}
    for _ = 1, 5 * MANY do
        deep = {deep}
    end
    local copy, depth = table.deepcopy(deep), 0
    while copy[1] do
        copy, depth = copy[1], depth + 1
    end
    check.equal(depth, 5 * MANY)
end)

check.case('types of calls on sockets are declared, and may be declared again', function()
    local ffi = require('ffi')
    ffi.cdef('int getsockname(int, struct sockaddr *, socklen_t *);')
    check.equal(ffi.sizeof('socklen_t'), 4)
    ffi.cdef('typedef uint32_t socklen_t; struct sockaddr { unsigned short family; char data[14]; };')
    check.equal(ffi.sizeof('struct sockaddr'), 16)
end)

check.case('a sum in slices is that of the whole', function()
    local digest = require('digest')
    local sum, long = digest.crc32.new(), ('0123456789'):rep(60000)
    for first = 1, #long, 10000 do
        sum:update(long:sub(first, first + 9999))
    end
    check.equal(digest.crc32(long), sum:result())
end)

check.case('random bytes have bounds', function()
    local digest = require('digest')
    check.equal(#digest.urandom(1048576), 1048576)
    for _, size in ipairs({-1, 1048577, 2 ^ 31, 2 ^ 64, 1 / 0, -1 / 0, 0 / 0}) do
        check.throws('0 to 1048576 expected', digest.urandom, size)
    end
end)

check.case('YAML has bounds', function()
    local yaml = require('yaml')
    check.throws('the text nests too deep', yaml.decode, ('['):rep(1001))
    check.throws('the text nests too deep', yaml.decode, ('- '):rep(100000))
    check.equal(type(yaml.decode(('['):rep(1000) .. (']'):rep(1000))), 'table')
    local tags = ('%TAG !a! b\n'):rep(1001)
    check.throws('the text declares too many tags', yaml.decode, tags .. '--- 1')
    check.equal(#yaml.decode(('a'):rep(1048576)), 1048576)
    check.throws('a piece of the text is too long', yaml.decode, ('a'):rep(4194304))
    check.throws('a piece of the text is too long', yaml.decode, '#' .. ('a'):rep(4194304))
    local deep = {}
    for _ = 1, 600 do
        deep = {deep}
    end
    check.throws('the value nests too deep', yaml.encode, deep)
end)

check.case('YAML of what changes while it is written', function()
    local yaml = require('yaml')
    local grows = setmetatable({}, {__serialize = function(self)
        self[1] = setmetatable({}, getmetatable(self))
        return {self[1]}
    end})
    check.throws('the value nests too deep', yaml.encode, grows)
    local turns = setmetatable({}, {__serialize = function(self) return self end})
    check.equal(yaml.encode(turns), '--- []\n...\n')
end)

check.finish()
