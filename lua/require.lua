-- require, and load with a reader, as code that a fiber can wait in: LuaJIT's own call a module, or
-- the reader, from C.
local raw_require, raw_load = require, load

local error, pcall, tostring, type = error, pcall, tostring, type
local concat = table.concat

-- ---- require ----

local loaded = package.loaded
local loading = newproxy() -- in place of a module that is being loaded, or has failed to

local function is_text(value)
    return type(value) == 'string' or type(value) == 'number'
end

local function find_loader(name)
    local loaders, tried = package.loaders, {}
    if type(loaders) ~= 'table' then
        error("'package.loaders' must be a table", 3)
    end
    for i = 1, math.huge do
        local loader = loaders[i]
        if loader == nil then
            error(("module '%s' not found:%s"):format(name, concat(tried)), 3)
        end
        local found = loader(name)
        if type(found) == 'function' then
            return found
        elseif is_text(found) then
            tried[#tried + 1] = found
        end
    end
end

function require(...)
    local name = ...
    if not is_text(name) then
        return raw_require(...) -- which complains
    end
    name = tostring(name)
    local module = loaded[name]
    if module == loading then
        error(("loop or previous error loading module '%s'"):format(name), 2)
    elseif module then
        return module
    end
    local loader = find_loader(name)
    loaded[name] = loading
    module = loader(name)
    if module ~= nil then
        loaded[name] = module
    elseif loaded[name] == loading then
        loaded[name] = true
    end
    return loaded[name]
end

-- ---- load ----

local function gather(reader)
    local parts, count = {}, 0
    while true do
        local part = reader()
        if part == nil or part == '' then
            return concat(parts)
        elseif not is_text(part) then
            error('reader function must return a string', 0)
        end
        count = count + 1
        parts[count] = part
    end
end

function load(...)
    local chunk, name = ...
    if type(chunk) ~= 'function' then
        return raw_load(...)
    end
    local ok, text = pcall(gather, chunk)
    if not ok then
        return nil, text
    end
    return raw_load(text, name or '=(load)', select(3, ...))
end
