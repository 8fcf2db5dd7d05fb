-- The module `clock`: how long a function takes. The clocks themselves are in C.
local clock = package.loaded.clock
local proc = clock.proc

local function result(start, ...)
    return {proc() - start, ...}
end

-- A table of the seconds of the processor's time, and what the function returned.
function clock.bench(fn, ...)
    return result(proc(), fn(...))
end
