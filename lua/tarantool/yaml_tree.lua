-- What values are in YAML, as a tree of nodes, before any of it is written.
--
-- A table with the keys 1 to n is a list, with nil as null where some are missing but not too
-- many; any other is a map. One that is met twice has an anchor, &0, and is *0 from then on. What
-- __serialize in a metatable says counts as it does for JSON; functions and their like are what
-- tostring makes of them.

local sort = table.sort
local floor, max = math.floor, math.max

local DEPTH = 500

-- ---- what a value is ----

local function metafield(value, name)
    local meta = debug.getmetatable(value)
    return type(meta) == 'table' and rawget(meta, name) or nil
end

-- A longer list with too few elements is none.
local function is_sparse(length, count, cfg)
    local ratio = cfg.encode_sparse_ratio
    return ratio > 0 and length > cfg.encode_sparse_safe and length > count * ratio
end

-- The length of the list that a table is; nil if it is a map.
local function list_length(value, cfg)
    local length, count = 0, 0
    for key in next, value do
        if type(key) ~= 'number' or key < 1 or key ~= floor(key) then
            return nil
        end
        length, count = max(length, key), count + 1
    end
    if is_sparse(length, count, cfg) then
        if not cfg.encode_sparse_convert then
            error('excessively sparse array', 0)
        end
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
local function resolve(value, cfg)
    for _ = 1, DEPTH do
        local mark = cfg.encode_load_metatables and
            (type(value) == 'table' or type(value) == 'userdata') and metafield(value, '__serialize')
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
    local length = list_length(value, cfg)
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
        local resolved, node = resolve(value, self.cfg)
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

return function(cfg)
    return setmetatable({nodes = {}, cfg = cfg}, Tree)
end
