-- Strings in YAML, in the style that Tarantool's console chooses for each: plain where that is read
-- back as the same string, quoted where it is not, a block where it has empty lines, base 64 where
-- it is no text at all.
--
-- A place where text goes (`out`) is what yaml_encode.lua makes: its `put` appends characters, its
-- `line(indent)` begins a line, `column` counts the characters of the line so far.
local _, parts = ...

local WIDTH = 80 -- beyond it, a long string goes on in the next line at the next space

local base64 = parts.encode

local text = {}

-- The character that starts there, its code and where the next one starts; nil if it is not UTF-8.
local function decode(s, at)
    local first = s:byte(at)
    if first < 0x80 then
        return s:sub(at, at), first, at + 1
    end
    local size = first >= 0xf0 and 4 or first >= 0xe0 and 3 or 2
    local char = s:sub(at, at + size - 1)
    if first < 0xc2 or first > 0xf4 or not char:find('^.[\128-\191]+$') or #char < size then
        return nil
    end
    local code = first % 2 ^ (7 - size)
    for i = 2, size do
        code = code * 64 + char:byte(i) % 64
    end
    local least = size == 4 and 0x10000 or size == 3 and 0x800 or 0x80
    if code < least or code > 0x10ffff or (code >= 0xd800 and code <= 0xdfff) then
        return nil
    end
    return char, code, at + size
end

-- What has no place in a YAML stream but as an escape.
local function is_printable(code)
    if code < 0x7f then
        return code >= 0x20 or code == 0x0a
    end
    return code >= 0xa0 and code <= 0xffff and code ~= 0xfeff and code < 0xfffe
end

-- Its characters and their codes; nil if it is no text.
local function characters(s)
    local chars, codes, at = {}, {}, 1
    while at <= #s do
        local char, code, next_at = decode(s, at)
        if char == nil or (code >= 0x80 and code < 0xa0) or code == 0xfeff then
            return nil
        end
        chars[#chars + 1], codes[#codes + 1] = char, code
        at = next_at
    end
    return chars, codes
end

local is_break = { ['\n'] = true, ['\226\128\168'] = true, ['\226\128\169'] = true }

local function is_blank(char)
    return char == nil or char == ' ' or char == '\t' or char == '\0' or is_break[char]
end

-- Characters that mean something where a value begins.
local indicators = {}
for char in ('#,[]{}&*!|>\'"%@`'):gmatch('.') do
    indicators[char] = true
end

-- Whether the character there would end a plain string or make it something else.
local function indicates(chars, i)
    local char = chars[i]
    if char == ':' or (i == 1 and (char == '-' or char == '?')) then
        return is_blank(chars[i + 1])
    end
    if i == 1 then
        return indicators[char] or false
    end
    return char == '#' and is_blank(chars[i - 1])
end

-- Which styles can hold it.
local function analyze(s, chars, codes)
    local plain, single, block = true, true, true
    local count = #chars
    local start = s:sub(1, 3)
    if start == '---' or start == '...' then
        plain = false
    end
    for i = 1, count do
        local char = chars[i]
        if not is_printable(codes[i]) then
            return false, false, false
        elseif is_break[char] then
            plain = false
            if chars[i - 1] == ' ' then
                return false, false, false
            end
        elseif char == ' ' then
            if i == 1 or i == count then
                plain = false
            end
            if i == count then
                block = false
            end
            if is_break[chars[i - 1]] then
                plain, single = false, false
            end
        elseif plain and indicates(chars, i) then
            plain = false
        end
    end
    return plain and count > 0, single, block
end

local words = { ['null'] = true, ['~'] = true, ['true'] = true, ['false'] = true, ['yes'] = true,
    ['no'] = true }

-- Whether it would be read back as something other than a string.
local function is_other(s)
    return words[s] or tonumber(s) ~= nil
end

-- A space at which a long line may be broken: neither the first nor the last character, nor beside
-- another space.
local function may_break(out, chars, i)
    return out.column > WIDTH and chars[i] == ' ' and i > 1 and i < #chars and
        chars[i - 1] ~= ' ' and chars[i + 1] ~= ' '
end

local function put_plain(out, chars, indent)
    for i, char in ipairs(chars) do
        if may_break(out, chars, i) then
            out:line(indent)
        else
            out:put(char)
        end
    end
end

local function put_single(out, chars, indent, breakable)
    local breaks = false
    out:put("'")
    for i, char in ipairs(chars) do
        if is_break[char] then
            if not breaks and char == '\n' then
                out:feed()
            end
            out:feed(char)
            breaks = true
        else
            if breaks then
                out:line(indent)
            end
            breaks = false
            if breakable and may_break(out, chars, i) then
                out:line(indent)
            else
                out:put(char == "'" and "''" or char)
            end
        end
    end
    if breaks then
        out:line(indent)
    end
    out:put("'")
end

local escapes = { [0] = '\\0', [7] = '\\a', [8] = '\\b', [9] = '\\t', [10] = '\\n', [11] = '\\v',
    [12] = '\\f', [13] = '\\r', [27] = '\\e', [34] = '\\"', [92] = '\\\\', [0x2028] = '\\L',
    [0x2029] = '\\P' }

local function escape(code)
    local short = escapes[code]
    if short or is_printable(code) then
        return short
    end
    return (code < 0x100 and '\\x%02X' or code < 0x10000 and '\\u%04X' or '\\U%08X'):format(code)
end

local function put_double(out, chars, codes, indent, breakable)
    local broken = false -- the line was, at the last space
    out:put('"')
    for i, char in ipairs(chars) do
        if char == ' ' and breakable and not broken and out.column > WIDTH and i > 1 and
            i < #chars then
            out:line(indent)
            if chars[i + 1] == ' ' then
                out:put('\\')
            end
            broken = true
        else
            out:put(escape(codes[i]) or char)
            broken = char == ' '
        end
    end
    out:put('"')
end

-- After "|": whether the indentation is to be told, and what becomes of the breaks at the end.
local function block_hints(chars)
    local count = #chars
    local hints = (chars[1] == ' ' or is_break[chars[1]]) and '2' or ''
    if not is_break[chars[count]] then
        return hints .. '-'
    end
    return hints .. ((count == 1 or is_break[chars[count - 1]]) and '+' or '')
end

local function put_block(out, chars, indent)
    local breaks = true
    out:put('|' .. block_hints(chars))
    out:feed()
    for _, char in ipairs(chars) do
        if is_break[char] then
            out:feed(char)
            breaks = true
        else
            if breaks then
                out:line(indent)
            end
            out:put(char)
            breaks = false
        end
    end
end

-- Writes a string whose further lines are indented by that much. A key has one line; within
-- brackets strings are always quoted.
function text.put(out, s, indent, is_key, in_brackets)
    local chars, codes = characters(s)
    if chars == nil then
        out:put('!!binary ' .. base64(s))
        return
    end
    local plain, single, block = analyze(s, chars, codes)
    if block and not is_key and not in_brackets and s:find('\n\n', 1, true) then
        put_block(out, chars, indent)
    elseif plain and not in_brackets and not is_other(s) then
        if is_key then
            out:put(s)
        else
            put_plain(out, chars, indent)
        end
    elseif single then
        put_single(out, chars, indent, not is_key)
    else
        put_double(out, chars, codes, indent, not is_key)
    end
end

return text
