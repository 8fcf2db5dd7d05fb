-- What Tarantool adds to the module string: split, strip and their like.
local string = package.loaded.string

local char, find, format, rep, sub = string.char, string.find, string.format,
    string.rep, string.sub
local error, type = error, type
local floor = math.floor

local function refuse(position, name, expected, got, level)
    error(format("bad argument #%d to 'string.%s' (%s expected, got %s)", position, name, expected, got),
        (level or 1) + 2)
end

local function check_string(value, position, name)
    if type(value) ~= 'string' then
        refuse(position, name, 'string', type(value), 2)
    end
end

-- ---- split ----

-- At white space, which does not count at the ends.
local function split_words(text, most)
    local parts, count, at = {}, 0, 1
    while true do
        local first, last = find(text, '[^ \t\n\v\f\r]+', at)
        if not first then
            return parts
        end
        local ends = count >= most
        count = count + 1
        parts[count], at = sub(text, first, ends and #text or last), last + 1
        if ends then
            return parts
        end
    end
end

local function split_at(text, separator, most)
    local parts, count, at = {}, 0, 1
    while true do
        local first, last
        if count < most then
            first, last = find(text, separator, at, true)
        end
        count = count + 1
        if not first then
            parts[count] = sub(text, at)
            return parts
        end
        parts[count], at = sub(text, at, first - 1), last + 1
    end
end

function string.split(text, separator, most)
    check_string(text, 1, 'split')
    if separator ~= nil then
        check_string(separator, 2, 'split')
    end
    if most ~= nil and (type(most) ~= 'number' or most < 0) then
        refuse(3, 'split', 'positive integer', type(most))
    elseif separator == '' then
        refuse(2, 'split', 'non-empty string', 'empty string')
    end
    most = most or 0xffffffff
    if most ~= most then
        most = 0xffffffff -- there is no end to it
    end
    return separator and split_at(text, separator, most) or split_words(text, most)
end

-- ---- justification ----

-- How many characters are missing, and the one to add.
local function padding(name, text, width, filler)
    if type(text) ~= 'string' then
        refuse(1, name, 'string', type(text), 2)
    elseif type(width) ~= 'number' or width < 0 then
        refuse(2, name, 'positive integer', type(width), 2)
    elseif filler ~= nil and (type(filler) ~= 'string' or #filler ~= 1) then
        refuse(3, name, 'char', type(filler), 2)
    end
    return width - #text, filler or ' '
end

function string.ljust(text, width, filler)
    local missing, fill = padding('ljust', text, width, filler)
    return missing < 0 and text or text .. rep(fill, missing)
end

function string.rjust(text, width, filler)
    local missing, fill = padding('rjust', text, width, filler)
    return missing < 0 and text or rep(fill, missing) .. text
end

function string.center(text, width, filler)
    local missing, fill = padding('center', text, width, filler)
    if missing < 0 then
        return text
    end
    local left = floor(missing / 2)
    return rep(fill, left) .. text .. rep(fill, missing - left)
end

-- ---- beginnings and ends ----

-- The range of a text that from and to name, where negative places count from its end.
local function range(name, text, part, from, to)
    check_string(text, 1, name)
    check_string(part, 2, name)
    if from ~= nil and type(from) ~= 'number' then
        refuse(3, name, 'integer', type(from), 2)
    elseif to ~= nil and type(to) ~= 'number' then
        refuse(4, name, 'integer', type(to), 2)
    end
    local length = #text
    if from == nil then
        from = 1
    elseif from < 0 then
        from = from + length + 1
    end
    if to == nil then
        to = length
    elseif to < 0 then
        to = to + length + 1
    end
    return from < 1 and 1 or from, to > length and length or to
end

local function fits(part, from, to)
    return to - from + 1 >= #part and from <= to
end

function string.startswith(text, head, from, to)
    from, to = range('startswith', text, head, from, to)
    return head == '' or fits(head, from, to) and sub(text, from, from + #head - 1) == head
end

function string.endswith(text, tail, from, to)
    from, to = range('endswith', text, tail, from, to)
    return tail == '' or fits(tail, from, to) and sub(text, to - #tail + 1, to) == tail
end

-- ---- hexadecimal digits ----

local to_hex, from_hex = {}, {}
for code = 0, 255 do
    local digits = format('%02x', code)
    to_hex[char(code)] = digits
    for _, form in ipairs({digits, digits:upper(), digits:sub(1, 1) .. digits:sub(2):upper(),
                           digits:sub(1, 1):upper() .. digits:sub(2)}) do
        from_hex[form] = char(code)
    end
end

function string.hex(text)
    check_string(text, 1, 'hex')
    return (text:gsub('.', to_hex))
end

function string.fromhex(text)
    check_string(text, 1, 'fromhex')
    if #text % 2 ~= 0 then
        refuse(1, 'fromhex', 'even amount of chars', 'odd amount')
    elseif find(text, '%X') then
        refuse(1, 'fromhex', 'hex string', 'non hex chars')
    end
    return (text:gsub('..', from_hex))
end

-- ---- strip ----

local WHITE = ' \t\n\v\f\r'

-- The first place at or after `at`, in steps of `step`, whose character is not among them.
local function skip(text, chars, at, step)
    while at >= 1 and at <= #text and find(chars, sub(text, at, at), 1, true) do
        at = at + step
    end
    return at
end

local function strip(name, text, chars, left, right)
    if type(text) ~= 'string' then
        refuse(1, name, 'string', type(text), 2)
    elseif text == '' then
        return text
    elseif chars ~= nil and type(chars) ~= 'string' then
        refuse(2, name, 'string', type(chars), 2)
    end
    if chars == nil then
        chars = WHITE -- null is nil as well
    end
    local first = left and skip(text, chars, 1, 1) or 1
    local last = right and skip(text, chars, #text, -1) or #text
    return sub(text, first, last)
end

function string.strip(text, chars)
    return (strip('strip', text, chars, true, true))
end

function string.lstrip(text, chars)
    return (strip('lstrip', text, chars, true, false))
end

function string.rstrip(text, chars)
    return (strip('rstrip', text, chars, false, true))
end
