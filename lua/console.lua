-- The daemon's side of `sockctl console`: sessions of statements, each answered as Tarantool's
-- console answers it. The program reaches it by sockd.eval, as require('sockd.console').
--
-- A session's statements share the globals of all evals. Only `print` is the session's own: what
-- statements print, and functions that they leave behind (handlers, fibers), goes to the prompt
-- for as long as somebody is there to see it.
local core = ...
local fiber = require('fiber')
local null = require('json').NULL

local pcall, tostring, loadstring, print = pcall, tostring, loadstring, print
local concat, select = table.concat, select

local OUTPUT_MAX = 256 * 1024 -- of what is printed while the client does not fetch it

local console = {}
local sessions, last_id = {}, 0

-- Results as text. The encoder is in memory from when somebody has a result.
local function yaml(values, count)
    core.yaml = core.yaml or core.extend('yaml_encode')
    return core.yaml.list(values, count)
end

-- ---- what is printed ----

local function add_output(session, line)
    if session.size + #line > OUTPUT_MAX then
        session.lost = session.lost + 1
        return
    end
    session.size = session.size + #line
    session.lines[#session.lines + 1] = line
    session.more:signal()
end

local function take_output(session)
    local text = concat(session.lines)
    if session.lost > 0 then
        text = ('%s(%d more lines were printed)\n'):format(text, session.lost)
    end
    session.lines, session.size, session.lost = {}, 0, 0
    return text
end

local function printer(session)
    return function(...)
        if session.closed then
            return print(...)
        end
        local parts = {}
        for i = 1, select('#', ...) do
            parts[i] = tostring((select(i, ...)))
        end
        add_output(session, concat(parts, '\t') .. '\n')
    end
end

-- ---- sessions ----

-- A new session over the globals of that environment; its number.
function console.open(globals)
    local session = { lines = {}, size = 0, lost = 0, more = fiber.cond(), globals = globals }
    session.environment = setmetatable({ print = printer(session) },
        { __index = globals, __newindex = globals })
    last_id = last_id + 1
    sessions[last_id] = session
    return last_id
end

local function session_of(id)
    return sessions[id] or error('there is no such session', 0)
end

-- Waits until something has been printed, and returns it. The one call of this that a client has
-- waiting is what keeps its session open: when it is cancelled, the client is gone. Nothing is
-- returned when the daemon is about to end.
function console.wait(id)
    local session = session_of(id)
    while #session.lines == 0 and not session.closed do
        local waited, problem = pcall(session.more.wait, session.more)
        if not waited then
            session.closed, sessions[id] = true, nil
            error(problem, 0)
        end
    end
    if #session.lines > 0 then
        return take_output(session)
    end
end

-- Somebody who only looks at a prompt does not keep the daemon from ending.
core.export('sockd.stopping', function()
    for _, session in pairs(sessions) do
        session.closed = true
        session.more:broadcast()
    end
    sessions = {}
end)

-- ---- statements ----

-- The text as a function, or nil and why not; true as a third result if more of it may mend that.
local function compile(text)
    local chunk = loadstring('return ' .. text)
    if chunk then
        return chunk
    end
    local problem
    chunk, problem = loadstring(text)
    local more = chunk == nil and problem:find("near '<eof>'$") ~= nil and
        not problem:find('unfinished string', 1, true)
    return chunk, problem, more
end

local function pack(done, ...)
    return done, select('#', ...), { ... }
end

local function format_error(problem)
    return yaml({ { error = problem == nil and null or problem } }, 1)
end

local function format(done, count, values)
    if not done then
        values, count = { { error = values[1] == nil and null or values[1] } }, 1
    end
    local formatted, text = pcall(yaml, values, count)
    if formatted then
        return text
    end
    return format_error('console: an exception occurred when formatting the output: ' ..
        tostring(text))
end

-- What can be sent as it is, for those who want values rather than text.
local function plain(value, depth)
    local kind = type(value)
    if kind == 'table' and debug.getmetatable(value) == core.socket.meta then
        return value -- its number
    elseif kind == 'table' and depth > 0 then
        local copy = {}
        for key, element in pairs(value) do
            copy[type(key) == 'number' and key or tostring(key)] = plain(element, depth - 1)
        end
        return copy
    elseif kind == 'nil' or kind == 'boolean' or kind == 'number' or kind == 'string' then
        return value
    end
    return tostring(value)
end

local function sendable(count, values)
    for i = 1, count do
        values[i] = plain(values[i], 20)
    end
    return unpack(values, 1, count)
end

-- Runs a statement. `more` if it is incomplete; else what it printed and the answer in YAML, or
-- with as_values: what it printed, whether it succeeded, and its values or the error.
function console.eval(id, text, as_values)
    local session = session_of(id)
    local chunk, problem, more = compile(text)
    if more then
        return 'more'
    end
    local done, count, values = false, 1, { problem }
    if chunk then
        done, count, values = pack(pcall(setfenv(chunk, session.environment)))
        fiber.testcancel()
    end
    if as_values then
        return take_output(session), done, sendable(count, values)
    end
    local answer = format(done, count, values)
    return take_output(session), answer
end

-- ---- completion ----

local keywords = {
    'and', 'break', 'do', 'else', 'elseif', 'end', 'false', 'for', 'function', 'if', 'in', 'local',
    'nil', 'not', 'or', 'repeat', 'return', 'then', 'true', 'until', 'while',
}

local function index(value, key)
    return value[key]
end

-- The tables in which a value's fields are looked for.
local function tables_of(value, found)
    local meta = debug.getmetatable(value)
    if type(value) == 'table' then
        found[#found + 1] = value
    end
    local inherited = type(meta) == 'table' and rawget(meta, '__index')
    if type(inherited) == 'table' and #found < 16 then
        tables_of(inherited, found)
    elseif type(inherited) == 'function' then
        -- The globals of evals: those that loaded scripts have defined, and everybody's.
        local _, environments = debug.getupvalue(inherited, 1)
        for _, each in ipairs(type(environments) == 'table' and environments or {}) do
            found[#found + 1] = each
        end
        found[#found + 1] = _G
    end
    return found
end

local function resolve(session, path)
    local value = session.environment
    for name in path:gmatch('[%w_]+') do
        local found
        found, value = pcall(index, value, name)
        if not found or value == nil then
            return nil
        end
    end
    return value
end

local function is_wanted(name, value, word, separator)
    return type(name) == 'string' and name:sub(1, #word) == word and name:find('^[%a_][%w_]*$') and
        (separator ~= ':' or type(value) == 'function')
end

-- The ways to go on with the name at the end of the text, as a sorted list: each is the whole name
-- with what stands before it, "socket.tcp_connect(" for "socket.tcp_c".
function console.complete(id, text)
    local session = session_of(id)
    local path, separator, word = text:match('([%a_][%w_%.]*)([%.:])([%w_]*)$')
    if path == nil then
        path, separator, word = '', '', text:match('[%w_]*$')
    end
    local value = resolve(session, path)
    local seen, list = {}, {}
    local function offer(name, element)
        local whole = path .. separator .. name .. (type(element) == 'function' and '(' or '')
        if not seen[whole] then
            seen[whole] = true
            list[#list + 1] = whole
        end
    end
    for _, each in ipairs(tables_of(value, {})) do
        for name, element in next, each do
            if is_wanted(name, element, word, separator) then
                offer(name, element)
            end
        end
    end
    for _, keyword in ipairs(path == '' and keywords or {}) do
        if keyword:sub(1, #word) == word then
            offer(keyword)
        end
    end
    table.sort(list)
    return list
end

package.loaded['sockd.console'] = console
