-- Finalizers of scripts: what is given to a proxy as __gc runs in a fiber of its own soon after the
-- collector has found the proxy dead, with a budget like every other fiber. In the collector itself
-- nothing could stop it. At the end of the process none run any more.
local core = ...
local new, status = core.fiber.new, core.fiber.status
local newproxy, getmetatable = newproxy, debug.getmetatable
local pcall, rawget, rawset, setmetatable, tostring, type = pcall, rawget, rawset, setmetatable,
    tostring, type

local HANDLER = {} -- the key of a script's own in the metatable

local queue, first, last = {}, 1, 0
local worker -- the fiber that runs them

-- Each leaves the queue before it runs: one that is stopped for its time takes no other with it.
local function drain()
    while first <= last do
        local object = queue[first]
        queue[first] = nil
        first = first + 1
        local ok, problem = pcall(rawget(getmetatable(object), HANDLER), object)
        if not ok then
            package.loaded.log.error('a finalizer: %s', tostring(problem))
        end
    end
end

local function start()
    if not worker or status(worker) == 'dead' then
        worker = new(drain)
    end
end

-- In the collector. An error here would be that of whoever happens to run; without a fiber the next
-- finalizer tries again.
local function finalize(object)
    queue[last + 1] = object
    last = last + 1
    pcall(start)
end

local function assign(meta, key, value)
    if key == '__gc' and type(value) == 'function' then
        rawset(meta, HANDLER, value)
        value = finalize
    end
    rawset(meta, key, value)
end

local watched = { __newindex = assign }

function _G.newproxy(...)
    local proxy = newproxy(...)
    if (...) == true then
        setmetatable(getmetatable(proxy), watched)
    end
    return proxy
end
