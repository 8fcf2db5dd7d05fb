-- The module msgpack.
local msgpack = require('msgpack')

case('functions', function()
    return type(msgpack.encode), type(msgpack.decode), type(msgpack.NULL)
end)
for form, value in each({
    ['0'] = 0, ['127'] = 127, ['128'] = 128, ['255'] = 255, ['256'] = 256, ['65535'] = 65535, ['65536'] = 65536,
    ['2-32'] = 2 ^ 32, ['2-53'] = 2 ^ 53, ['minus-1'] = -1, ['minus-32'] = -32, ['minus-33'] = -33,
    ['minus-129'] = -129, ['minus-32769'] = -32769, ['minus-2-33'] = -2 ^ 33, ['fraction'] = 1.5,
    ['1e300'] = 1e300, ['third'] = 1 / 3, ['true'] = true, ['false'] = false, ['empty-string'] = '',
    ['string-31'] = ('s'):rep(31), ['string-32'] = ('s'):rep(32), ['string-256'] = ('s'):rep(256),
    ['string-65536'] = ('s'):rep(65536), ['bytes'] = '\0\255', ['empty-table'] = {}, ['list'] = {1, 2, 3},
    ['list-15'] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    ['list-16'] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, ['map'] = {key = 'value'},
    ['nested'] = {{{}}, {a = {1}}}, ['hole'] = {1, nil, 3}, ['2-63'] = 2 ^ 63, ['2-70'] = 2 ^ 70,
}) do
    case('encode-' .. form, function()
        local text = msgpack.encode(value)
        return #text, text:sub(1, 12)
    end)
    case('there-and-back-' .. form, function() return (msgpack.decode(msgpack.encode(value))) end)
end
case('encode-nil', function() return msgpack.encode(nil) end)
case('encode-null', function() return msgpack.encode(msgpack.NULL) end)
case('encode-infinity', function() return msgpack.encode(math.huge) end)
case('encode-nan', function() return #msgpack.encode(0 / 0) end)
case('encode-int64', function() return msgpack.encode(9007199254740993LL) end)
case('encode-uint64', function() return msgpack.encode(18446744073709551615ULL) end)
case('encode-negative-int64', function() return msgpack.encode(-9007199254740993LL) end)
case('encode-function', function() return (pcall(msgpack.encode, print)) end)
case('encode-function-text', function() return msgpack.encode(print) end)
case('encode-nothing', function() return (pcall(msgpack.encode)) end)
case('encode-nothing-text', function() return msgpack.encode() end)
case('encode-number-keys', function() return msgpack.encode({[5] = 'five'}) end)
case('encode-sparse', function() return (pcall(msgpack.encode, {[1] = 1, [1000] = 2})) end)
case('encode-sparse-text', function() return msgpack.encode({[1] = 1, [1000] = 2}) end)
case('encode-boolean-key', function() return msgpack.encode({[true] = 1}) end)
case('encode-serialize-map', function()
    return msgpack.encode(setmetatable({}, {__serialize = 'map'}))
end)
case('encode-cycle', function()
    local cycle = {}
    cycle.self = cycle
    return (pcall(msgpack.encode, cycle))
end)

for form, text in each({
    ['nil'] = '\192', ['true'] = '\195', ['fixint'] = '\5', ['negative-fixint'] = '\255',
    ['uint8'] = '\204\200', ['uint16'] = '\205\1\0', ['uint32'] = '\206\255\255\255\255',
    ['uint64'] = '\207\255\255\255\255\255\255\255\255', ['uint64-small'] = '\207\0\0\0\0\0\0\0\1',
    ['int8'] = '\208\128', ['int16'] = '\209\128\0', ['int32'] = '\210\128\0\0\0',
    ['int64'] = '\211\128\0\0\0\0\0\0\0', ['int64-small'] = '\211\255\255\255\255\255\255\255\255',
    ['float'] = '\202\63\192\0\0', ['double'] = '\203\63\248\0\0\0\0\0\0', ['fixstr'] = '\163abc',
    ['str8'] = '\217\3abc', ['str16'] = '\218\0\3abc', ['str32'] = '\219\0\0\0\3abc',
    ['bin8'] = '\196\3abc', ['bin16'] = '\197\0\3abc', ['bin32'] = '\198\0\0\0\3abc',
    ['fixarray'] = '\147\1\2\3', ['array16'] = '\220\0\2\1\2', ['array32'] = '\221\0\0\0\1\1',
    ['fixmap'] = '\129\161a\1', ['map16'] = '\222\0\1\161a\1', ['map32'] = '\223\0\0\0\1\161a\1',
    ['number-key'] = '\129\1\161a', ['nil-in-array'] = '\146\1\192', ['nil-in-map'] = '\129\161a\192',
}) do
    case('decode-' .. form, function() return msgpack.decode(text) end)
end
for form, text in each({
    ['empty'] = '', ['cut-string'] = '\163ab', ['cut-array'] = '\147\1\2', ['cut-map'] = '\129\161a',
    ['cut-uint32'] = '\206\255', ['never-used'] = '\193', ['announces-too-much'] = '\221\16\0\0\0',
}) do
    case('refuse-' .. form, function() return (pcall(msgpack.decode, text)) end)
end
case('decode-offset', function() return msgpack.decode('\1\2\3') end)
case('decode-from-offset', function() return msgpack.decode('\1\2\3', 2) end)
case('decode-last-offset', function() return msgpack.decode('\1\2\3', 3) end)
case('decode-offset-beyond', function() return (pcall(msgpack.decode, '\1\2\3', 4)) end)
case('decode-offset-0', function() return (pcall(msgpack.decode, '\1', 0)) end)
case('decode-offset-negative', function() return (pcall(msgpack.decode, '\1', -1)) end)
case('decode-nothing', function() return (pcall(msgpack.decode)) end)
case('decode-table', function() return (pcall(msgpack.decode, {})) end)
case('null-is-nil', function() return msgpack.NULL == nil, (msgpack.decode('\192')) == nil end)

case('new', function() return type(msgpack.new()), msgpack.new() ~= msgpack end)
case('cfg', function()
    local mine = msgpack.new()
    mine.cfg({encode_invalid_as_nil = true})
    return mine.encode({print}), mine.cfg.encode_invalid_as_nil, msgpack.cfg.encode_invalid_as_nil
end)
case('decode_unchecked', function() return msgpack.decode_unchecked('\147\1\2\3') end)
case('decode_unchecked-offset', function() return msgpack.decode_unchecked('\1\2', 2) end)
