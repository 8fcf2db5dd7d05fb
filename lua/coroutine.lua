-- Coroutines of the script's own, inside fibers. A call that must wait inside such a coroutine
-- yields the coroutine with a first value that no script can have; whoever resumed it then yields
-- in turn, down to the fiber, and resumes the coroutine with what the call returns. So a socket
-- may be read within an iterator or a scheduler of the script's own, and only the fiber waits.
local core = ...
local WAIT = core.wait_mark
local preempted = core.preempted -- [1] is true while a coroutine is preempted by the clock
local in_fiber = core.in_fiber -- not within a coroutine of the script's own?

local may_yield, stay = core.may_yield, core.stay

local create, resume, yield = coroutine.create, coroutine.resume, coroutine.yield
local running = coroutine.running

-- The coroutines of fibers that scripts have seen: only the loop may resume them.
local fibers = setmetatable({}, {__mode = 'k'})

function coroutine.running()
    local co = running()
    if co and in_fiber() then
        fibers[co] = true
    end
    return co
end

local pass

-- Where a C function has called back, nobody can yield: the coroutine goes on at once, or must not
-- wait.
local function remain(co, may, ...)
    if may then
        return pass(co, resume(co, ...))
    end
    return false, 'cannot wait here: called from within a C function'
end

function pass(co, ok, ...)
    if (...) == WAIT and ok then
        if may_yield() then
            -- What the call keeps on its stack is in `...`, and stays alive here.
            return pass(co, resume(co, yield(...)))
        end
        return remain(co, stay(...))
    end
    if preempted[1] then
        if may_yield() then
            yield()
        else
            stay()
        end
        return pass(co, resume(co))
    end
    return ok, ...
end

function coroutine.resume(co, ...)
    if fibers[co] then
        return false, 'cannot resume a fiber'
    end
    return pass(co, resume(co, ...))
end

local function deliver(ok, ...)
    if ok then
        return ...
    end
    error((...), 2)
end

function coroutine.wrap(fn)
    local co = create(fn)
    return function(...)
        return deliver(pass(co, resume(co, ...)))
    end
end

-- The clock stands still while the handler of an xpcall runs for an error of the clock's own, so
-- that one that never ends would stop everybody. It is not asked about these.
local xpcall, hook_throws = xpcall, core.hook_throws

function _G.xpcall(fn, handler, ...)
    if type(handler) ~= 'function' then
        return xpcall(fn, handler, ...)
    end
    return xpcall(fn, function(...)
        if hook_throws() then
            return ...
        end
        return handler(...)
    end, ...)
end
