-- Runs one example of the reference: example.lua FILE. What it prints goes out as the reference
-- writes it: a space between arguments, line ends as \n, no places in front of errors.
setmetatable(_G, {__index = function(_, name)
    return require(name)
end})

io.stdout:setvbuf('line')

function print(...)
    local words = {}
    for i = 1, select('#', ...) do
        words[i] = tostring((select(i, ...)))
    end
    local line = table.concat(words, ' '):gsub('example:%d+: ', '')
    line = line:gsub('\n', '\\n'):gsub('\r', '\\r')
    io.stdout:write(line, '\n')
end

local file = assert(io.open(arg[1]))
local text = file:read('*a')
file:close()
assert(loadstring(text, '=example'))()
os.exit(0)
