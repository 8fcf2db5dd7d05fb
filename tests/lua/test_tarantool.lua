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

check.finish()
