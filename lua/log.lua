-- The module `log`: a line for the daemon's log. With more arguments the first is a format.
local core = ...
local write = core.log

local log = {}
for level, name in pairs({[0] = 'error', 'warn', 'info', 'verbose', 'debug'}) do
    log[name] = function(text, ...)
        if select('#', ...) > 0 then
            text = string.format(text, ...)
        end
        write(level, tostring(text))
    end
end

package.loaded.log = log
