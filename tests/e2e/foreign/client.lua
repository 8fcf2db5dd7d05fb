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
assert(call('close', handle) == true)
say('closed')
vim.fn.chanclose(channel)
