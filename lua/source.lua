-- Chunks are text, everywhere: bytecode can crash the machine at will.
local core = ...
local raw_load, raw_loadfile = load, loadfile

local function is_file(path)
    local found = io.open(path, 'rb')
    return found ~= nil and found:close()
end

-- In a service reading a file must not wait, as a FIFO would make it.
if core.service then
    is_file = core.is_source

    function raw_loadfile(path, mode, ...)
        local text, problem = core.read_source(path)
        if not text then
            return nil, problem
        end
        return raw_load(text, '@' .. path, mode, ...)
    end
end

local function refuse_binary(mode)
    return mode == nil or mode:find('t', 1, true) ~= nil
end

function load(chunk, name, mode, ...)
    if not refuse_binary(mode) then
        return nil, 'attempt to load chunk with wrong mode: bytecode is not loaded'
    end
    return raw_load(chunk, name, 't', ...)
end

function loadstring(text, name)
    return raw_load(text, name or text, 't')
end

function loadfile(path, mode, ...)
    if not refuse_binary(mode) then
        return nil, 'attempt to load chunk with wrong mode: bytecode is not loaded'
    end
    return raw_loadfile(path, 't', ...)
end

function dofile(path)
    local chunk, problem = raw_loadfile(path, 't')
    if not chunk then
        error(problem, 0)
    end
    return chunk()
end

-- The modules that come from files of Lua, by name. When scripts are loaded anew these are too: all
-- are forgotten before, and come back if it fails.
local from_files = {}

core.export('sockd.modules_save', function(forget)
    local saved = {}
    for name in pairs(from_files) do
        saved[name] = package.loaded[name]
        if forget then
            package.loaded[name] = nil
        end
    end
    return saved
end)

core.export('sockd.modules_restore', function(saved)
    for name in pairs(from_files) do
        package.loaded[name] = saved[name]
    end
end)

-- What `require` does to find a file of Lua, with text only.
local function search(name)
    local tried = {}
    local path = name:gsub('%.', '/')
    for pattern in package.path:gmatch('[^;]+') do
        local file = pattern:gsub('%?', (path:gsub('%%', '%%%%')))
        if is_file(file) then
            local chunk, problem = raw_loadfile(file, 't')
            if not chunk then
                error(('error loading module %q from file %q:\n\t%s'):format(name, file, problem), 0)
            end
            from_files[name] = true
            return chunk
        end
        tried[#tried + 1] = ("\n\tno file '%s'"):format(file)
    end
    return table.concat(tried)
end
package.loaders[2] = search

-- Without --jit the compiler stays off: compiled code could be neither preempted nor stopped.
if not core.jit then
    jit.on = function() end
end

os.exit = core.exit

-- There is one hook in all. A script that is a program of its own may have it, and is not preempted
-- meanwhile; a hook of ours is none of its business.
local sethook, gethook, hooked = debug.sethook, debug.gethook, false

function debug.sethook(...)
    core.debugged(true)
    sethook(...)
    hooked = gethook() ~= nil
    if not hooked then
        core.debugged(false)
    end
end

function debug.gethook(...)
    if hooked then
        return gethook(...)
    end
    return nil, '', 0
end

-- Many scripts share a service, so that none may end it or take it over.
if core.service then
    function os.exit()
        error('os.exit is not available in a service', 2)
    end
    debug.sethook = function()
        error('debug.sethook is not available in a service', 2)
    end
    if not core.ffi then
        package.preload.ffi = nil
        package.loaders[3] = function(name)
            return name == 'ffi' and '\n\tffi is not available: start sockd with --ffi' or nil
        end
        package.loaders[4] = nil
        package.loadlib = function()
            return nil, 'C modules are not available: start sockd with --ffi', 'absent'
        end
    end
end
