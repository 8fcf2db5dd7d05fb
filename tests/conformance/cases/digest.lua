-- The module digest.
local digest = require('digest')

local texts = {
    ['empty'] = '', ['a'] = 'a', ['abc'] = 'abc', ['nul'] = 'a\0b', ['newline'] = '\n', ['bytes'] = '\255\254\128', ['utf-8'] = 'привет',
    ['digits'] = '12', ['53'] = ('x'):rep(53), ['54'] = ('x'):rep(54), ['55'] = ('x'):rep(55), ['108'] = ('\255'):rep(108), ['block'] = ('b'):rep(64),
    ['long'] = ('long'):rep(5000),
}
local hashes = {'md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'}
for name, text in each(texts) do
    for _, hash in ipairs(hashes) do
        case(hash .. '-' .. name, function() return digest[hash](text):hex() == digest[hash .. '_hex'](text), digest[hash .. '_hex'](text) end)
    end
    case('crc32-' .. name, function() return digest.crc32(text), digest.crc32_update(0, text), digest.crc32_update(4294967295, text) end)
    case('base64_encode-' .. name, function() return digest.md5_hex(digest.base64_encode(text)), digest.base64_encode(text) end)
    for _, option in ipairs({'nopad', 'nowrap', 'urlsafe'}) do
        case('base64_encode-' .. option .. '-' .. name, function()
            return digest.md5_hex(digest.base64_encode(text, {[option] = true})), digest.base64_encode(text, {[option] = true})
        end)
    end
    case('base64-there-and-back-' .. name, function()
        return digest.base64_decode(digest.base64_encode(text)) == text,
            digest.base64_decode(digest.base64_encode(text, {urlsafe = true})) == text
    end)
    case('base64_decode-' .. name, function() return digest.base64_decode(text) end)
end
for index, text in ipairs({
    'YQ==', 'YQ', 'YQ=', 'Y', 'YW', 'YWJ', 'YWJj\nYWJj', '_-_-', '/+/+', '*Y*W*J*j', 'YQ==YQ==', '=YWJj', '====', 'YW\0Jj', '\255YWJj', ' Y W J j ', '-_',
}) do
    case(('base64_decode-odd-%d'):format(index), function() return digest.base64_decode(text) end)
end
for form, value in each({['number'] = 1, ['nan'] = 0 / 0, ['true'] = true, ['table'] = {}, ['function'] = print}) do
    for _, hash in ipairs(hashes) do
        case(hash .. '-of-' .. form, function() return (pcall(digest[hash], value)) end)
        case(hash .. '_hex-of-' .. form, function() return digest[hash .. '_hex'](value) end)
    end
    case('crc32-of-' .. form, function() return digest.crc32(value) end)
    case('crc32_update-of-' .. form, function() return digest.crc32_update(0, value) end)
    case('base64_encode-of-' .. form, function() return digest.base64_encode(value) end)
    case('base64_decode-of-' .. form, function() return digest.base64_decode(value) end)
    if form ~= 'table' then
        case('base64_encode-options-' .. form, function() return digest.base64_encode('a', value) end)
    end
    if form ~= 'number' and form ~= 'nan' then
        case('urandom-of-' .. form, function() return (pcall(digest.urandom, value)) end)
        case('crc32_update-from-' .. form, function() return (pcall(digest.crc32_update, value, 'abc')) end)
    end
end
for form, value in each({['1'] = 1, ['1.5'] = 1.5, ['-1'] = -1, ['2-32'] = 2 ^ 32, ['text'] = '7', ['2-32-1'] = 2 ^ 32 - 1}) do
    case('crc32_update-from-' .. form .. '-text', function() return digest.crc32_update(value, 'abc') end)
end
case('crc32-object', function()
    local sum = digest.crc32.new()
    sum:update('ab')
    local copy = sum:copy()
    sum:update('c')
    return sum:result(), copy:result(), sum:clear(), sum:result(), digest.crc32.crc_begin, digest.crc32('abc')
end)
case('crc32-object-of-number', function() return digest.crc32.new():update(1) end)
for _, size in ipairs({0, 1, 16, 1000, 1.5}) do
    case(('urandom-%s'):format(size), function() return #digest.urandom(size) end)
end
case('urandom-text', function() return (pcall(digest.urandom, '5')) end)
case('urandom-nothing', function() return digest.urandom() end)
case('urandom-twice', function() return digest.urandom(16) ~= digest.urandom(16) end)
