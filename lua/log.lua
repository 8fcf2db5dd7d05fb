-- The module `log`: a line for the daemon's log. With more arguments the first is a format; a table
-- is written as JSON.
local core = ...
local write, switch = core.log, core.log_level

local log = {}
local names = {[0] = 'error', 'warn', 'info', 'verbose', 'debug'}
for level, name in pairs(names) do
    log[name] = function(text, ...)
        if select('#', ...) > 0 then
            text = string.format(text, ...)
        elseif type(text) == 'table' then
            local is_json, json = pcall(require('json').encode, text)
            text = is_json and json or text
        end
        write(level, tostring(text))
    end
end

-- Levels by name, and by the numbers that Tarantool gives them, from 0 (fatal) to 7 (debug).
local levels = {fatal = 0, syserror = 0, crit = 0, [0] = 0, 0, 0, 0, 1, 2, 3, 4}
for level, name in pairs(names) do
    levels[name] = level
end

function log.level(level)
    if level == nil then
        return names[switch()]
    end
    switch(levels[level] or error('log.level: expected a name such as "info" or 0 to 7', 2))
end

package.loaded.log = log
