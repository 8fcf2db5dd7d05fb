-- What `sockd check` finds in a script without running it. It gets the names that scripts can use,
-- a table {name = true, or {field = true, …} if only those fields are there}, and `nearest(word,
-- names)`, which says what was meant. It returns a function of a text: a list of {line, message}.
--
-- A text is compiled, and what the compiler made of it says which globals are read and written
-- where: every use of a name that is neither a local nor an upvalue is an instruction of its own.
local known, nearest = ...
local util = require('jit.util')
local funcbc, funck, funcinfo = util.funcbc, util.funck, util.funcinfo
local band, rshift = bit.band, bit.rshift

local CHUNK = 'check'

-- ---- instructions: which is which is found out from what the compiler makes of known texts

local function opcode(text, position)
    return band(funcbc(assert(loadstring(text)), position), 0xff)
end

local GGET = opcode('return x', 1)
local GSET = opcode('x = 1', 2)
local TGETS = opcode('return x.y', 2)
local TSETS = opcode('x.y = 1', 3)

-- What only asks whether a value is there.
local ASKS = {}
for _, text in ipairs({
    'return x or y', 'return x and y', 'if x then y() end', 'if not x then y() end',
    'if x == nil then y() end', 'if x ~= nil then y() end',
}) do
    ASKS[opcode(text, 2)] = true
end

-- Its number, its operands A and D, and of D the parts B and C; nil behind the last one.
local function instruction(fn, position)
    local word = funcbc(fn, position)
    if word then
        return band(word, 0xff), band(rshift(word, 8), 0xff), rshift(word, 16),
            rshift(word, 24), band(rshift(word, 16), 0xff)
    end
end

-- A constant that is a text; others (a table, a function's prototype) are no names.
local function constant(fn, index)
    local value = funck(fn, -index - 1)
    return type(value) == 'string' and value or nil
end

-- ---- what a function does to globals

local function line_of(fn, position)
    return funcinfo(fn, position).currentline or 0
end

-- Whether the instruction there asks for what the one before it has put into a register.
local function is_asked(fn, position)
    local op = instruction(fn, position)
    return op ~= nil and ASKS[op] or false
end

-- Notes every use: uses of globals and fields that are read, names that are written.
local function look_at(fn, found)
    local loaded, position = {}, 1 -- register -> the global that was put there last
    local op, a, d, b, c = instruction(fn, position)
    local before = {}
    while op do
        if op == GGET then
            local name = constant(fn, d)
            loaded[a] = name
            local use = {name = name, line = line_of(fn, position), asked = is_asked(fn, position + 1)}
            found.reads[#found.reads + 1] = use
            before = {register = a, name = name}
        elseif op == GSET then
            found.writes[constant(fn, d)] = true
            before = {}
        elseif op == TGETS and before.register == b and constant(fn, c) then
            found.fields[#found.fields + 1] = {
                name = before.name, field = constant(fn, c), line = line_of(fn, position),
                asked = is_asked(fn, position + 1),
            }
            before = {}
        else
            if op == TSETS and loaded[b] and constant(fn, c) then
                found.sets[loaded[b] .. '.' .. constant(fn, c)] = true
            end
            before = {}
        end
        position = position + 1
        op, a, d, b, c = instruction(fn, position)
    end
end

-- The function and all that are defined in it.
local function look_into(fn, found)
    look_at(fn, found)
    local index = -1
    local value = funck(fn, index)
    while value ~= nil do
        if type(value) == 'proto' then
            look_into(value, found)
        end
        index = index - 1
        value = funck(fn, index)
    end
end

-- ---- what is wrong with it

-- Every word of the text may be what was meant: locals have no names in compiled code.
local function words_of(text)
    local words = {}
    for word in text:gmatch('[%a_][%w_]*') do
        words[word] = true
    end
    return words
end

local function describe(kind, name, names)
    local meant = nearest(name, names)
    return ("undefined %s '%s'"):format(kind, name) ..
        (meant and ("; did you mean '%s'?"):format(meant) or '')
end

local function candidates(text, undefined)
    local names = words_of(text)
    for name in pairs(known) do
        names[name] = true
    end
    for name in pairs(undefined) do
        names[name] = nil
    end
    return names
end

local function path_of(use)
    return use.field and use.name .. '.' .. use.field or use.name
end

-- What the script itself asks for before it uses it may be missing.
local function asked_for(uses)
    local asked = {}
    for _, use in ipairs(uses) do
        if use.asked then
            asked[path_of(use)] = true
        end
    end
    return asked
end

-- What require('tarantool') brings is not there before: in a script that has it, these are not judged.
local EXTENDED = {string = true, table = true, tonumber64 = true}

local function is_extended(text, name)
    return EXTENDED[name] and text:find('require%s*%(?%s*[\'"]tarantool[\'"]') ~= nil
end

local function judge_globals(text, found, report)
    local undefined, asked = {}, asked_for(found.reads)
    for _, use in ipairs(found.reads) do
        local name = use.name
        if not (known[name] or found.writes[name] or found.sets['_G.' .. name] or asked[name] or
            is_extended(text, name)) then
            undefined[name] = true
        end
    end
    local names = next(undefined) and candidates(text, undefined)
    for _, use in ipairs(found.reads) do
        if undefined[use.name] then
            report(use.line, describe('global', use.name, names))
        end
    end
end

local function judge_fields(text, found, report)
    local asked = asked_for(found.fields)
    for _, use in ipairs(found.fields) do
        local fields = not found.writes[use.name] and known[use.name]
        local path = path_of(use)
        if type(fields) == 'table' and not (fields[use.field] or found.sets[path] or asked[path] or
            is_extended(text, use.name)) then
            local meant = nearest(use.field, fields)
            report(use.line, ("undefined field '%s'"):format(path) ..
                (meant and ("; did you mean '%s.%s'?"):format(use.name, meant) or ''))
        end
    end
end

local function syntax_error(problem)
    local line, message = problem:match('^' .. CHUNK .. ':(%d+): (.*)$')
    return {{tonumber(line) or 0, message or problem}}
end

return function(text)
    local fn, problem = load(text, '=' .. CHUNK, 't')
    if not fn then
        return syntax_error(problem)
    end
    local found = {reads = {}, writes = {}, fields = {}, sets = {}}
    local messages, seen = {}, {}
    look_into(fn, found)
    local function report(line, message)
        local once = line .. message
        if not seen[once] then
            seen[once] = true
            messages[#messages + 1] = {line, message, #messages}
        end
    end
    judge_globals(text, found, report)
    judge_fields(text, found, report)
    table.sort(messages, function(x, y)
        return x[1] < y[1] or (x[1] == y[1] and x[3] < y[3])
    end)
    return messages
end
