-- What Tarantool adds to the module table.
case('copy', function()
    local inner = {1}
    local original = {1, 'two', inner, key = 'value', [inner] = true}
    local copy = table.copy(original)
    return copy ~= original, copy[3] == inner, copy[inner], copy.key, copy[2]
end)
case('deepcopy', function()
    local inner = {1, {2}}
    local original = {inner, inner, key = {deep = {deeper = true}}}
    local copy = table.deepcopy(original)
    return copy, copy[1] ~= inner, copy[1] == copy[2], copy.key ~= original.key
end)
case('deepcopy-cycle', function()
    local original = {}
    original.self, original[original] = original, original
    local copy = table.deepcopy(original)
    return copy ~= original, copy.self == copy, copy[copy] == copy, copy[original]
end)
case('deepcopy-key', function()
    local key = {1}
    local copy = table.deepcopy({[key] = key})
    local found, value = next(copy)
    return found == value, found ~= key, found
end)
for name, copier in each({copy = table.copy, deepcopy = table.deepcopy}) do
    for form, value in each({
        ['number'] = 1, ['nan'] = 0 / 0, ['text'] = 'text', ['true'] = true, ['false'] = false, ['function'] = print,
        ['uint64'] = 5ULL, ['empty'] = {}, ['list'] = {1, 2, 3}, ['sparse'] = {[1] = 1, [1000] = 2, [-1] = 3},
        ['fractions'] = {[0.5] = 1, [1 / 0] = 2},
    }) do
        case(name .. '-' .. form, function() return copier(value) end)
    end
    case(name .. '-nil', function() return copier(nil) end)
    case(name .. '-nothing', function() return copier() end)
    case(name .. '-metatable', function()
        local meta = {__index = {field = 1}}
        local copy = copier(setmetatable({own = 2}, meta))
        return getmetatable(copy) == meta, copy.field, rawget(copy, 'field'), copy.own
    end)
    case(name .. '-newindex', function()
        local copy = copier(setmetatable({own = 2}, {__newindex = function() error('asked') end}))
        return copy
    end)
    case(name .. '-by-itself', function()
        local original = {}
        return copier(setmetatable(original, {__copy = function(...)
            return {select('#', ...), (...) == original}, 'second'
        end}))
    end)
    case(name .. '-by-itself-nil', function() return copier(setmetatable({}, {__copy = function() end})) end)
    case(name .. '-by-itself-throws', function()
        return copier(setmetatable({}, {__copy = function() error('no copy', 0) end}))
    end)
    case(name .. '-by-itself-number', function() return (pcall(copier, setmetatable({}, {__copy = 1}))) end)
    case(name .. '-by-itself-false', function() return (pcall(copier, setmetatable({}, {__copy = false}))) end)
    case(name .. '-metatable-false', function() return (pcall(copier, setmetatable({}, {__metatable = false}))) end)
    case(name .. '-metatable-number', function() return (pcall(copier, setmetatable({}, {__metatable = 1}))) end)
    case(name .. '-metatable-text', function() return (pcall(copier, setmetatable({}, {__metatable = 'text'}))) end)
end
case('deepcopy-by-itself-inside', function()
    local part = setmetatable({}, {__copy = function() return 'copy' end})
    return table.deepcopy({part, {part}, [part] = 1})
end)
case('deepcopy-many', function()
    local original = {}
    for i = 1, 10000 do
        original[i] = {i}
    end
    local copy = table.deepcopy(original)
    return #copy, copy[10000][1], copy[1] ~= original[1]
end)
case('deepcopy-deep', function()
    local original = {}
    for _ = 1, 100000 do
        original = {original}
    end
    return (pcall(table.deepcopy, original))
end)
case('clear', function()
    local clear, full = require('table.clear'), {1, 2, key = 3}
    clear(full)
    return full, #full, next(full)
end)
case('clear-is-there', function()
    local full = {1, 2, key = 3}
    return table.clear(full), full
end)
for form, value in each({['number'] = 1, ['text'] = '', ['true'] = true, ['function'] = print}) do
    case('clear-' .. form, function() return table.clear(value) end)
end
case('clear-nothing', function() return table.clear() end)
