-- fiber.channel: the calls that may wait. The channel itself is in C, where nothing comes between
-- looking and acting; a call that has to wait returns a wait, which knows in the end what came of it.
local core = ...
local fiber = package.loaded.fiber
local channel = core.channel
local park, settle = channel.park, channel.settle
local put, get = channel.methods.put, channel.methods.get

local function await(wait)
    local ended, result
    repeat
        park(wait)
        ended, result = settle(wait)
    until ended
    return result
end

function channel.methods.put(...)
    local result = put(...)
    if result == true or result == false then
        return result
    end
    return await(result)
end

function channel.methods.get(...)
    local done, result = get(...)
    if done then
        return result
    end
    return await(result)
end

fiber.channel = channel.new
