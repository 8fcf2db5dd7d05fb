-- fiber.cond: the call that waits. Only a deadline makes it false: whoever is woken by anything else,
-- a cancellation included, has to look at the condition again, and learns what it is by that or by
-- the next call that waits.
local core = ...
local fiber = package.loaded.fiber
local cond = core.cond
local deadline, wait, is_early = cond.deadline, cond.wait, cond.is_early

function cond.methods.wait(...)
    local self, at = ..., deadline(...)
    return wait(self, at) or is_early(at)
end

fiber.cond = cond.new
