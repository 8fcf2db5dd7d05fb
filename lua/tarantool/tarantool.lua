-- The module tarantool: what the program is; and what Tarantool adds to string, table and the global
-- functions, from when it is required.
local core, parts = ...
local sockd = package.loaded.sockd

core.extend('string')
core.extend('table')
tonumber64 = parts.tonumber64

local tarantool = {
    version = '2.6.0', -- whose functions these are
    package = 'sockd',
    build = {target = 'Linux'},
}

function tarantool.pid()
    return sockd.info().pid
end

function tarantool.uptime()
    return sockd.info().uptime
end

return tarantool
