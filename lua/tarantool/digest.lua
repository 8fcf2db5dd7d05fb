-- The module digest: checksums, hashes, base64 and random bytes.
local _, parts = ...

local digest = {}

local hash, hex, crc32, decode, encode, random =
    parts.hash, parts.hex, parts.crc32, parts.decode, parts.encode, parts.random
local error, setmetatable, type = error, setmetatable, type

local LINE = 72 -- characters of base64, for so many bytes:
local BYTES = 54

local function check_text(text, usage)
    if type(text) ~= 'string' then
        error('Usage' .. usage, 3)
    end
end

-- ---- hashes ----

for _, name in ipairs({'md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'}) do
    digest[name] = function(text)
        check_text(text, ': digest.' .. name .. '(string)')
        return hash(name, text)
    end
    digest[name .. '_hex'] = function(text)
        check_text(text, ': digest.' .. name .. '_hex(string)')
        return hex(hash(name, text))
    end
end

-- ---- crc32 ----

local START = 4294967295
local SLICE = 262144 -- bytes; the fiber can be preempted in between
local Sum = {}

local function sum_up(value, text)
    for first = 1, #text, SLICE do
        value = crc32(value, text:sub(first, first + SLICE - 1))
    end
    return #text > 0 and value or crc32(value, '')
end

function Sum:update(text)
    check_text(text, ' crc32:update(string)')
    self.value = sum_up(self.value, text)
end

function Sum:result()
    return self.value
end

function Sum:clear()
    self.value = START
end

function Sum:copy()
    return setmetatable({value = self.value}, {__index = Sum})
end

digest.crc32 = setmetatable({crc_begin = START}, {
    __call = function(_, text)
        check_text(text, ' digest.crc32(string)')
        return sum_up(START, text)
    end,
})

function digest.crc32.new()
    return setmetatable({value = START}, {__index = Sum})
end

function digest.crc32_update(crc, text)
    check_text(text, ': digest.crc32_update(string)')
    return sum_up(tonumber(crc), text)
end

-- ---- base64 ----

function digest.base64_encode(text, options)
    if type(text) ~= 'string' or options ~= nil and type(options) ~= 'table' then
        error('Usage: digest.base64_encode(string[, table])', 2)
    end
    options = options or {}
    local encoded = encode(text)
    if options.urlsafe then
        encoded = encoded:gsub('[+/]', {['+'] = '-', ['/'] = '_'})
    end
    if options.nopad or options.urlsafe then
        encoded = encoded:gsub('=+$', '')
    end
    if not options.nowrap and not options.urlsafe then
        encoded = encoded:gsub(('.'):rep(LINE), '%0\n', math.floor(#text / BYTES))
    end
    return encoded
end

-- Characters that are none of base64's do not count.
function digest.base64_decode(text)
    check_text(text, ': digest.base64_decode(string)')
    return decode(text)
end

-- ---- random bytes ----

function digest.urandom(size)
    if size == nil then
        error('Usage: digest.urandom(len)', 2)
    elseif type(size) ~= 'number' then
        error(("bad argument #1 to 'digest.urandom' (number expected, got %s)"):format(type(size)), 2)
    end
    return random(size)
end

return digest
