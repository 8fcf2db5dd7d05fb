-- Finds the modules of lua/tarantool/ when somebody requires them, behind files of the same name and
-- before libraries in C.
local core = ...
local extension = core.extension

local loaders, type = package.loaders, type

-- What a script may require. The other files extend modules that are there.
local modules = {tarantool = 'tarantool', uri = 'uri', digest = 'digest', uuid = 'uuid', yaml = 'yaml'}

-- Runs one of the files.
function core.extend(file)
    local chunk, parts = extension(file)
    return chunk(core, parts)
end

table.insert(loaders, 3, function(name)
    local file = type(name) == 'string' and modules[name]
    if not file then
        return nil
    end
    return function()
        return core.extend(file)
    end
end)

if not core.service then
    require('tarantool')
end
