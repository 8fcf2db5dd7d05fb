-- The module uuid: random identifiers of 128 bits, as RFC 4122 has them in its version 4.
local _, parts = ...

local uuid = {}

local hex, random = parts.hex, parts.random
local error, setmetatable, tonumber, type = error, setmetatable, tonumber, type
local byte, char, rawequal = string.byte, string.char, rawequal

-- An object holds its 16 bytes in the order of its text.
local methods, bytes_of = {}, setmetatable({}, {__mode = 'k'})
local meta = {__index = methods}

local function make(bytes)
    local object = setmetatable({}, meta)
    bytes_of[object] = bytes
    return object
end

local function check(object, usage)
    local bytes = bytes_of[object]
    return bytes or error('Usage: ' .. usage, 3)
end

local NATIVE = {l = true, h = true, host = true}
local NETWORK = {b = true, n = true, network = true}

-- The first three fields are integers, which the machine's own order turns round; it is its own
-- inverse.
local function ordered(bytes, order)
    if order == nil or NATIVE[order] then
        return bytes:sub(1, 4):reverse() .. bytes:sub(5, 6):reverse() .. bytes:sub(7, 8):reverse() .. bytes:sub(9)
    elseif NETWORK[order] then
        return bytes
    end
    error('invalid byteorder, valid is l, b, h, n', 3)
end

local function text_of(bytes)
    return (hex(bytes):gsub('^(' .. ('.'):rep(8) .. ')(....)(....)(....)', '%1-%2-%3-%4-'))
end

-- Version 4, and the variant of RFC 4122.
local function fresh()
    local bytes = random(16)
    return bytes:sub(1, 6) .. char(byte(bytes, 7) % 16 + 64) .. bytes:sub(8, 8) .. char(byte(bytes, 9) % 64 + 128) ..
        bytes:sub(10)
end

-- ---- objects ----

-- Its bytes, in the order of the machine unless told otherwise.
function methods.bin(object, order)
    return ordered(check(object, 'uuid:bin([byteorder])'), order)
end

function methods.str(object)
    return text_of(check(object, 'uuid:str()'))
end

function methods.isnil(object)
    return not check(object, 'uuid:isnil()'):find('%Z')
end

meta.__tostring, meta.__serialize = methods.str, methods.str

function meta.__eq(a, b)
    return rawequal(a, b) or bytes_of[a] ~= nil and bytes_of[a] == bytes_of[b]
end

-- ---- the module ----

function uuid.new()
    return make(fresh())
end

-- The bytes of a new one.
function uuid.bin(order)
    return ordered(fresh(), order)
end

-- The text of a new one.
function uuid.str()
    return text_of(fresh())
end

local function byte_of(digits)
    return char(tonumber(digits, 16))
end

local TEXT = '^' .. ('%x'):rep(8) .. '%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-' .. ('%x'):rep(12) .. '$'

-- Nil for a text that is none.
function uuid.fromstr(text)
    if type(text) ~= 'string' then
        error('fromstr(str)', 2)
    elseif not text:find(TEXT) then
        return nil
    end
    local bytes = text:gsub('-', ''):gsub('%x%x', byte_of)
    if byte(bytes, 9) >= 224 then
        return nil -- this variant is reserved
    end
    return make(bytes)
end

function uuid.frombin(bytes, order)
    if type(bytes) ~= 'string' or #bytes ~= 16 then
        error('frombin(bin, [byteorder])', 2)
    end
    return make(ordered(bytes, order))
end

uuid.NULL = make(('\0'):rep(16))

return setmetatable(uuid, {__call = uuid.new})
