-- Coroutines of a script's own within fibers: what waits inside them.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local fiber = require('fiber')

check.case('a socket is read within an iterator', function()
    local client, server = check.pair()
    fiber.create(function()
        for i = 1, 3 do
            client:write('line ' .. i .. '\n')
            fiber.sleep(0.001)
        end
        client:close()
    end)
    local lines = {}
    for line in coroutine.wrap(function()
        repeat
            local line = server:read('\n')
            coroutine.yield(line ~= '' and line or nil)
        until line == ''
    end) do
        lines[#lines + 1] = line
    end
    check.equal(table.concat(lines), 'line 1\nline 2\nline 3\n')
    server:close()
end)

check.case('values pass both ways, waits in between', function()
    local co = coroutine.create(function(...)
        fiber.sleep(0.001)
        local a, b = coroutine.yield(...)
        fiber.yield()
        local c = coroutine.yield(a, b, nil)
        fiber.sleep(0.001)
        return c, nil
    end)
    check.results({true, 1, nil, 3}, coroutine.resume(co, 1, nil, 3))
    check.results({true, 'a', 'b', nil, n = 4}, coroutine.resume(co, 'a', 'b'))
    check.equal(coroutine.status(co), 'suspended')
    check.results({true, 'c', nil, n = 3}, coroutine.resume(co, 'c'))
    check.equal(coroutine.status(co), 'dead')
    check.results({false, 'cannot resume dead coroutine'}, coroutine.resume(co))
    check.results({true}, coroutine.resume(coroutine.create(function() end)))
end)

check.case('coroutines within coroutines', function()
    local inner = coroutine.wrap(function()
        for i = 1, 3 do
            fiber.sleep(0.001)
            coroutine.yield(i)
        end
    end)
    local outer = coroutine.wrap(function()
        for _ = 1, 3 do
            coroutine.yield(inner() * 10)
            fiber.yield()
        end
    end)
    check.equal(outer() + outer() + outer(), 60)
end)

check.case('errors come out where they should', function()
    local co = coroutine.create(function()
        fiber.yield()
        error('inside', 0)
    end)
    check.results({false, 'inside'}, coroutine.resume(co))
    local wrapped = coroutine.wrap(function()
        fiber.yield()
        error({})
    end)
    check.equal(type(select(2, pcall(wrapped))), 'table')
    check.throws('inside', coroutine.wrap(function()
        error('inside')
    end))
end)

check.case('data stays alive while a coroutine waits', function()
    local client, server = check.pair()
    local result = check.spawn(function()
        return coroutine.wrap(function()
            return client:write(('z'):rep(5000000) .. 'end')
        end)()
    end)
    fiber.yield()
    collectgarbage()
    collectgarbage()
    check.equal(server:read(5000000):find('[^z]'), nil)
    check.equal(server:read(3), 'end')
    check.results({true, 5000003}, result())
    local reader = check.spawn(function()
        return coroutine.wrap(function()
            return server:read({delimiter = {'a' .. 'b' .. 1, 'c' .. 'd' .. 2}})
        end)()
    end)
    fiber.yield()
    collectgarbage()
    collectgarbage()
    client:write('xcd2')
    check.results({true, 'xcd2'}, reader())
    client:close()
    server:close()
end)

check.case('cancelled while a coroutine waits', function()
    local client, server = check.pair()
    local result, worker = check.spawn(function()
        return coroutine.wrap(function()
            return server:read(1)
        end)()
    end)
    fiber.yield()
    worker:cancel()
    local ok, problem = result()
    check.equal(ok, false)
    check.truthy(problem:find('fiber is cancelled', 1, true))
    client:close()
    server:close()
end)

check.case('nobody resumes a fiber', function()
    local main
    local result = check.spawn(function()
        main = coroutine.running()
        fiber.sleep(0.005)
        return 'undisturbed'
    end)
    fiber.yield()
    check.results({false, 'cannot resume a fiber'}, coroutine.resume(main))
    check.results({true, 'undisturbed'}, result())
end)

check.case('a yield outside of any coroutine makes room for others', function()
    local ran
    fiber.new(function()
        ran = true
    end)
    coroutine.yield(1, 2, 3)
    check.equal(ran, true)
end)

check.case('fibers are created within coroutines', function()
    local ran
    coroutine.wrap(function()
        fiber.create(function()
            ran = true
        end)
        fiber.yield()
    end)()
    check.equal(ran, true)
end)

check.finish()
