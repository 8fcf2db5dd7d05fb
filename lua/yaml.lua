-- Values as YAML, as Tarantool's console shows them: the results of a statement are the elements of
-- one list. Keys are sorted, for people look them up.
--
-- A table with the keys 1 to n is a list, with nil as null where some are missing but not too
-- many; any other is a map. One that is met twice has an anchor, &0, and is *0 from then on. What
-- __serialize in a metatable says counts as it does for JSON; functions and their like are what
-- tostring makes of them.
local core = ...
local text = core.yaml_text

local concat, sort = table.concat, table.sort
local floor, max = math.floor, math.max

local SPARSE_SAFE, SPARSE_RATIO = 10, 2 -- a longer list with fewer elements than one in two is none
local DEPTH = 100

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

-- ---- what a value is ----

local function metafield(value, name)
    local meta = debug.getmetatable(value)
    return type(meta) == 'table' and rawget(meta, name) or nil
end

-- The length of the list that a table is; nil if it is a map.
local function list_length(value)
    local length, count = 0, 0
    for key in next, value do
        if type(key) ~= 'number' or key < 1 or key ~= floor(key) then
            return nil
        end
        length, count = max(length, key), count + 1
    end
    if length > SPARSE_SAFE and length > count * SPARSE_RATIO then
        return nil
    end
    return length
end

local function order(a, b)
    local kind_a, kind_b = type(a), type(b)
    if kind_a ~= kind_b then
        return kind_a < kind_b
    end
    if kind_a == 'number' or kind_a == 'string' then
        return a < b
    end
    return tostring(a) < tostring(b)
end

local function sorted_keys(value)
    local keys = {}
    for key in next, value do
        keys[#keys + 1] = key
    end
    sort(keys, order)
    return keys
end

local is_list_mark = { seq = true, sequence = true, array = true }
local is_map_mark = { map = true, mapping = true }
local is_flow_mark = { seq = true, map = true }

-- What is in the place of a value once __serialize has been asked; for a table its node: `keys` or
-- `length`, and whether it goes into brackets.
local function resolve(value)
    for _ = 1, DEPTH do
        local mark = (type(value) == 'table' or type(value) == 'userdata') and
            metafield(value, '__serialize')
        if type(mark) == 'string' and type(value) == 'table' then
            local node = { value = value, flow = is_flow_mark[mark] }
            if is_list_mark[mark] then
                node.length = table.maxn(value)
            elseif is_map_mark[mark] then
                node.keys = sorted_keys(value)
            else
                error('invalid __serialize value', 0)
            end
            return value, node
        elseif not mark then
            break
        end
        value = mark(value)
    end
    if type(value) ~= 'table' then
        return value
    end
    local length = list_length(value)
    return value, { value = value, length = length, keys = not length and sorted_keys(value) or nil }
end

-- ---- the tree, with __serialize asked once for each value ----

local Tree = {}
Tree.__index = Tree

local function child_of(self, value, depth)
    if depth > DEPTH then
        error('the value nests too deep', 0)
    end
    local known = self.nodes[value]
    if known == nil then
        local resolved, node = resolve(value)
        if node == nil then
            return { scalar = resolved }
        end
        known = self.nodes[resolved]
        if known == nil then
            self.nodes[resolved] = node
            self:fill(node, depth)
            known = node
        else
            known.shared = true
        end
        self.nodes[value] = known
    else
        known.shared = true
    end
    return known
end

function Tree:child(value, depth)
    if type(value) == 'table' or type(value) == 'userdata' then
        return child_of(self, value, depth)
    end
    return { scalar = value }
end

function Tree:fill(node, depth)
    if node.length then
        for i = 1, node.length do
            node[i] = self:child(node.value[i], depth + 1)
        end
    else
        for i, key in ipairs(node.keys) do
            node[i] = self:child(node.value[key], depth + 1)
        end
    end
end

-- ---- numbers and the rest ----

local function format_number(value)
    if value == 0 then
        return '0' -- also of the negative one
    elseif value == floor(value) and value >= -2 ^ 63 and value < 2 ^ 64 then
        return ('%.0f'):format(value)
    end
    return ('%.14g'):format(value)
end

local function is_integer_cdata(value)
    return type(value) == 'cdata' and tonumber(value) ~= nil
end

local function is_null(value)
    return type(value) == 'cdata' and value == nil
end

local function put_scalar(out, value, indent, is_key, in_brackets)
    local kind = type(value)
    if kind == 'number' then
        out:put(format_number(value))
    elseif value == nil or is_null(value) then
        out:put('null')
    elseif kind == 'boolean' then
        out:put(tostring(value))
    elseif is_integer_cdata(value) then
        out:put((tostring(value):gsub('[UL]+$', '')))
    else
        text.put(out, kind == 'string' and value or tostring(value), indent, is_key, in_brackets)
    end
end

-- ---- nodes ----

local put_node

local function put_flow(out, node, indent)
    out:put(node.length and '[' or '{')
    for i, child in ipairs(node) do
        if i > 1 then
            out:put(', ')
        end
        if node.keys then
            put_scalar(out, node.keys[i], indent, true, true)
            out:put(': ')
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
        put_scalar(out, node.keys[i], indent, true)
        out:put(':')
        put_node(out, child, indent, 'map')
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
        put_map(out, node, indent + 2, compact)
    end
end

local function put_anchor(out, node)
    if node.shared then
        out.anchors = out.anchors + 1
        node.anchor = out.anchors
        out:put(' &' .. node.anchor)
    end
end

-- What follows a dash, a colon or a bracket; place is 'list', 'map' or 'flow'.
function put_node(out, node, indent, place)
    local space = place == 'flow' and '' or ' '
    if node.value == nil then
        out:put(space)
        put_scalar(out, node.scalar, indent + 2, false, place == 'flow')
    elseif node.anchor then
        out:put(space .. '*' .. node.anchor)
    else
        put_anchor(out, node)
        if #node == 0 or node.flow or place == 'flow' then
            out:put(space)
            put_flow(out, node, indent + 2)
        else
            put_block(out, node, indent, place)
        end
    end
end

-- The YAML of a list of so many values. Throws what a __serialize throws.
function core.yaml(values, count)
    local out = setmetatable({ parts = {}, column = 0, anchors = -1 }, Out)
    local tree = setmetatable({ nodes = {} }, Tree)
    local root = { value = values, length = count }
    tree:fill(root, 0)
    out:put('---')
    put_list(out, root, 0, false)
    out:line(0)
    out:put('...\n')
    return concat(out.parts)
end
