-- Values as YAML: a value alone, as the module yaml has it, or as Tarantool's console shows them: the
-- results of a statement are the elements of one list. Keys are sorted, for people look them up.
local core = ...
local text, new_tree = core.extend('yaml_text'), core.extend('yaml_tree')

local concat = table.concat
local floor, min = math.floor, math.min

local KEY = 128 -- bytes of one that stands before a colon
local PRECISION = 99 -- digits that string.format knows

-- The settings of the console; the names are those of the module's `cfg`.
local console = {
    encode_sparse_safe = 10, encode_sparse_ratio = 2, encode_sparse_convert = true, encode_number_precision = 14,
    encode_invalid_numbers = true, encode_load_metatables = true, encode_use_tostring = true,
}

-- ---- where text goes ----

local Out = {}
Out.__index = Out

function Out:put(s)
    if s ~= '' then
        self.parts[#self.parts + 1] = s
        -- Bytes that continue a character are no column of their own.
        self.column = self.column + #s - select(2, s:gsub('[\128-\191]', ''))
    end
end

-- Ends the line.
function Out:feed(char)
    self.parts[#self.parts + 1] = char or '\n'
    self.column = 0
end

-- Begins a line with so many spaces, in place of one that has nothing yet.
function Out:line(indent)
    if self.column > 0 then
        self:feed()
    end
    self:put((' '):rep(indent))
end

-- ---- numbers and the rest ----

local function format_number(value, cfg)
    if value - value ~= 0 and not cfg.encode_invalid_numbers then
        if cfg.encode_invalid_as_nil then
            return 'null'
        end
        error('number must not be NaN or Inf', 0)
    elseif value == 0 then
        return '0' -- also of the negative one
    elseif value == floor(value) and value >= -2 ^ 63 and value < 2 ^ 64 then
        return ('%.0f'):format(value)
    end
    return ('%%.%dg'):format(min(cfg.encode_number_precision, PRECISION)):format(value)
end

local function is_integer_cdata(value)
    return type(value) == 'cdata' and tonumber(value) ~= nil
end

local function is_null(value)
    return type(value) == 'cdata' and value == nil
end

-- What a function and its like are; nil if they are null.
local function odd_text(value, cfg)
    if not cfg.encode_use_tostring then
        if cfg.encode_invalid_as_nil then
            return nil
        end
        error(("unsupported Lua type '%s'"):format(type(value)), 0)
    end
    local shown = tostring(value)
    return type(shown) == 'string' and shown or error("'tostring' must return a string", 0)
end

local function put_scalar(out, value, indent, is_key, in_brackets)
    local kind = type(value)
    if kind == 'number' then
        out:put(format_number(value, out.cfg))
    elseif value == nil or is_null(value) then
        out:put('null')
    elseif kind == 'boolean' then
        out:put(tostring(value))
    elseif is_integer_cdata(value) then
        out:put((tostring(value):gsub('[UL]+$', '')))
    else
        local shown = kind == 'string' and value or odd_text(value, out.cfg)
        if shown == nil then
            out:put('null')
        else
            text.put(out, shown, indent, is_key, in_brackets)
        end
    end
end

-- ---- nodes ----

local put_node

-- A key of several lines or many bytes would not be read back as one that stands before a colon.
local function is_long(key)
    return type(key) == 'string' and (#key > KEY or key:find('\n', 1, true) ~= nil or key:find('\226\128[\168\169]') ~= nil)
end

local function put_flow_key(out, key, indent)
    local long = is_long(key)
    out:put(long and '? ' or '')
    put_scalar(out, key, indent, not long, true)
    out:put(long and ' : ' or ': ')
end

local function put_flow(out, node, indent)
    out:put(node.length and '[' or '{')
    for i, child in ipairs(node) do
        if i > 1 then
            out:put(', ')
        end
        if node.keys then
            put_flow_key(out, node.keys[i], indent)
        end
        put_node(out, child, indent, 'flow')
    end
    out:put(node.length and ']' or '}')
end

-- An element stands right behind the dash, and so does the first of a list within.
local function put_list(out, node, indent, compact)
    for i, child in ipairs(node) do
        if i > 1 or not compact then
            out:line(indent)
        end
        out:put('-')
        put_node(out, child, indent, 'list')
    end
end

local function put_map(out, node, indent, compact)
    for i, child in ipairs(node) do
        if i > 1 or not compact then
            out:line(indent)
        end
        local key = node.keys[i]
        local long = is_long(key)
        out:put(long and '? ' or '')
        put_scalar(out, key, indent + 2, not long)
        if long then
            out:line(indent)
        end
        out:put(':')
        put_node(out, child, indent, long and 'list' or 'map')
    end
end

-- A list or a map that is not empty, behind a dash or in the lines below a key: there a list is
-- indented no more than the key is.
local function put_block(out, node, indent, place)
    local compact = place == 'list' and not node.anchor
    if compact then
        out:put(' ')
    end
    if node.length then
        put_list(out, node, indent + (place == 'list' and 2 or 0), compact)
    else
        put_map(out, node, indent + (place == 'root' and 0 or 2), compact)
    end
end

local function put_anchor(out, node, place)
    if node.shared then
        out.anchors = out.anchors + 1
        node.anchor = out.anchors
        out:put((place == 'flow' and '&%d ' or ' &%d'):format(node.anchor))
    end
end

-- What follows a dash, a colon, a bracket or the beginning; place is 'list', 'map', 'flow' or 'root'.
function put_node(out, node, indent, place)
    local space = place == 'flow' and '' or ' '
    if node.value == nil then
        out:put(space)
        put_scalar(out, node.scalar, indent + 2, false, place == 'flow')
    elseif node.anchor then
        out:put(space .. '*' .. node.anchor)
    else
        put_anchor(out, node, place)
        if #node == 0 or node.flow or place == 'flow' then
            out:put(space)
            put_flow(out, node, indent + 2)
        else
            put_block(out, node, indent, place)
        end
    end
end

local function begin(head, cfg)
    local out = setmetatable({parts = {}, column = 0, anchors = -1, cfg = cfg}, Out)
    out:put(head)
    return out, new_tree(cfg)
end

local function finish(out)
    out:line(0)
    out:put('...\n')
    return concat(out.parts)
end

local encoder = {}

-- A list of so many values, as the console has it. Throws what a __serialize throws.
function encoder.list(values, count)
    local out, tree = begin('---', console)
    local root = {value = values, length = count}
    tree:fill(root, 0)
    put_list(out, root, 0, false)
    return finish(out)
end

-- A value by the settings of a module. Throws also for what cannot be encoded.
function encoder.value(value, cfg)
    local out, tree = begin('---', cfg)
    local root = tree:child(value, 0)
    if root.scalar ~= '' then
        put_node(out, root, 0, 'root')
    end
    return finish(out)
end

return encoder
