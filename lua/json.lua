-- decode of long texts in slices, so that the fiber can be preempted in between.
local core = ...
local mark, decode_some = core.wait_mark, core.json_decode_some

local select, type = select, type

local LONG = 131072 -- bytes; below, one piece does

local function in_slices(decode)
    return function(...)
        local text, settings = ...
        if type(text) ~= 'string' or #text <= LONG or select('#', ...) > 2 then
            return decode(...)
        end
        local decoder, open = decode(text, settings, mark), {}
        while true do
            local over, value = decode_some(decoder, open)
            if over then
                return value
            end
        end
    end
end

local function wrap(module)
    local new = module.new
    module.decode = in_slices(module.decode)
    function module.new()
        return wrap(new())
    end
    return module
end

wrap(package.loaded.json)
