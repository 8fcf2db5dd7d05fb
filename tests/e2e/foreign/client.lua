-- Neovim holds the dialogue of test_foreign.py with sockd: nothing is loaded but this.
local path, port, closed_port = ...
local channel = vim.fn.sockconnect('pipe', path, { rpc = true })
assert(channel > 0, 'cannot connect')

local function say(...)
    io.stderr:write(table.concat({ ... }, ' '), '\n')
end

local function call(...)
    return vim.rpcrequest(channel, ...)
end

local function failure(...)
    local fine, message = pcall(vim.rpcrequest, channel, ...)
    assert(not fine)
    return tostring(message):match('%f[%w]E[A-Z]+%f[%W]')
end

local handle = call('tcp_connect', '127.0.0.1', port, 5)
say('connected')
say('wrote', call('write', handle, 'question\n'))
say('read', vim.trim(call('read', handle, '\n', 20)))
say(failure('tcp_connect', '127.0.0.1', closed_port))
say(failure('read', handle, '\n', 0.05))

-- It answers each notification with one of its own, nvim_error_event, which sockd does not know.
local before = call('sockd.stats').failed
call('sockd.watch', handle, { 'readable' })
vim.rpcnotify(channel, 'write', handle, 'flow\n')
assert(vim.wait(20000, function() return call('sockd.stats').failed > before end, 5), 'no notification')
say('notified')
say('read', call('read', handle, 10, 20))

-- rpcrequest() waits for its answer, and notifications go to nobody: what takes both, Neovim does
-- with its own pipe and its own MessagePack.
local pipe, unpack_next = vim.loop.new_pipe(false), vim.mpack.Unpacker()
local answers, streamed = {}, ''

local function take(message)
    if message[1] == 1 then
        answers[message[2]] = message
    elseif message[2] == 'sockd.data' then
        streamed = streamed .. message[3][3]
    end
end

local function on_data(problem, data)
    assert(not problem, problem)
    local position, message = 1, nil
    while data and position <= #data do
        message, position = unpack_next(data, position)
        if message ~= nil then
            take(message)
        end
    end
end

local function send(msgid, method, ...)
    pipe:write(vim.mpack.encode({ 0, msgid, method, { ... } }))
end

local function await(what, condition)
    assert(vim.wait(20000, condition, 5), what)
end

local connected
pipe:connect(path, function(problem)
    assert(not problem, problem)
    connected = true
    pipe:read_start(on_data)
end)
await('no connection', function() return connected end)
send(1, 'read', handle, '\n')
send(2, 'sockd.cancel', 1)
await('no answers', function() return answers[1] and answers[2] end)
say(answers[1][4].name)
send(3, 'sockd.stream', handle, 10)
call('write', handle, 'flow\n')
await('no stream', function() return #streamed == 10 end)
say('streamed', streamed)
pipe:close()
assert(call('close', handle) == true)
say('closed')
vim.fn.chanclose(channel)
