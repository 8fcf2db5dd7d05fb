-- The module json.
local json = require('json')

case('functions', function()
    return type(json.encode), type(json.decode), type(json.NULL), type(json.new), type(json.cfg)
end)
for form, value in each({
    ['number'] = 1, ['negative'] = -5, ['zero'] = 0, ['fraction'] = 1.5, ['large'] = 2 ^ 40, ['2-53'] = 2 ^ 53,
    ['small'] = 1e-7, ['third'] = 1 / 3, ['1e100'] = 1e100, ['string'] = 'text', ['empty-string'] = '',
    ['quotes'] = 'a "b" \\ c', ['controls'] = '\n\r\t\b\f\0\1\31', ['slash'] = 'a/b', ['utf-8'] = 'привет',
    ['true'] = true, ['false'] = false, ['list'] = {1, 2, 3}, ['empty-table'] = {},
    ['map'] = {key = 'value'}, ['nested'] = {list = {1, {deep = true}}},
    ['number-as-string'] = '12', ['sparse-in-the-middle'] = {1, 2, nil, 4},
    ['list-of-lists'] = {{}, {1}, {{}}}, ['delete'] = '\127',
}) do
    case('encode-' .. form, function() return json.encode(value) end)
    case('there-and-back-' .. form, function() return json.decode(json.encode(value)) end)
end
case('encode-nil', function() return json.encode(nil) end)
case('encode-nothing', function() return (pcall(json.encode)) end)
case('encode-null', function() return json.encode(json.NULL) end)
case('encode-null-in-list', function() return json.encode({1, json.NULL, 3}) end)
case('encode-null-in-map', function() return json.encode({key = json.NULL}) end)
case('encode-nan', function() return (pcall(json.encode, 0 / 0)) end)
case('encode-infinity', function() return (pcall(json.encode, math.huge)) end)
case('encode-nan-text', function() return json.encode(0 / 0) end)
case('encode-infinity-text', function() return json.encode(math.huge) end)
case('encode-negative-infinity-text', function() return json.encode(-math.huge) end)
case('encode-nan-in-list', function() return json.encode({0 / 0}) end)
case('encode-function', function() return (pcall(json.encode, print)) end)
case('encode-function-text', function() return json.encode(print) end)
case('encode-function-in-map', function() return (pcall(json.encode, {f = print})) end)
case('encode-thread-text', function() return json.encode(coroutine.create(print)) end)
case('encode-int64', function() return json.encode(9007199254740993LL) end)
case('encode-uint64', function() return json.encode(18446744073709551615ULL) end)
case('encode-very-sparse', function() return (pcall(json.encode, {[1] = 1, [1000] = 2})) end)
case('encode-very-sparse-text', function() return json.encode({[1] = 1, [1000] = 2}) end)
case('encode-number-keys', function() return json.encode({[5] = 'five'}) end)
case('encode-boolean-key', function() return (pcall(json.encode, {[true] = 1})) end)
case('encode-boolean-key-text', function() return json.encode({[true] = 1}) end)
case('encode-mixed-keys', function() return json.decode(json.encode({1, key = 2})) end)
case('encode-cycle', function()
    local cycle = {}
    cycle.self = cycle
    return (pcall(json.encode, cycle))
end)
case('encode-deep', function()
    local deep = {}
    for _ = 1, 60 do
        deep = {deep}
    end
    return json.encode(deep)
end)
case('encode-deeper-than-128', function()
    local deep = {}
    for _ = 1, 200 do
        deep = {deep}
    end
    return (pcall(json.encode, deep))
end)
case('encode-serialize-function', function()
    return json.encode(setmetatable({1}, {__serialize = function() return {as = 'this'} end}))
end)
case('encode-serialize-map', function() return json.encode(setmetatable({}, {__serialize = 'map'})) end)
case('encode-serialize-seq', function() return json.encode(setmetatable({}, {__serialize = 'seq'})) end)
case('encode-serialize-mapping', function()
    return json.encode(setmetatable({}, {__serialize = 'mapping'}))
end)
case('encode-serialize-array', function() return json.encode(setmetatable({}, {__serialize = 'array'})) end)
case('encode-invalid-utf-8', function() return json.encode('\255\254') end)

for form, text in each({
    ['number'] = '1', ['negative'] = '-12', ['fraction'] = '1.25', ['exponent'] = '1e3',
    ['large'] = '9007199254740992', ['larger'] = '9007199254740993', ['int64'] = '9223372036854775807',
    ['uint64'] = '18446744073709551615', ['beyond'] = '184467440737095516160', ['int32'] = '2147483648',
    ['string'] = '"text"', ['escapes'] = '"\\n\\t\\"\\\\\\/"', ['unicode'] = '"\\u0416"',
    ['surrogates'] = '"\\ud83d\\ude00"', ['true'] = 'true', ['false'] = 'false', ['null'] = 'null',
    ['list'] = '[1, 2, 3]', ['empty-list'] = '[]', ['map'] = '{"a": 1, "b": [2]}', ['empty-map'] = '{}',
    ['null-in-list'] = '[null]', ['null-in-map'] = '{"a": null}', ['spaces'] = ' \n\t[ 1 ,2 ] ',
    ['infinity'] = 'inf', ['nan'] = 'nan', ['hexadecimal'] = '0x10', ['double-key'] = '{"a":1,"a":2}',
    ['number-key'] = '{"1": "one"}', ['negative-zero'] = '-0',
}) do
    case('decode-' .. form, function() return json.decode(text) end)
end
for form, text in each({
    ['empty'] = '', ['nonsense'] = 'nonsense', ['open-list'] = '[1', ['open-map'] = '{"a":1',
    ['open-string'] = '"abc', ['trailing'] = '1 2', ['comma'] = '[1,]', ['no-colon'] = '{"a" 1}',
    ['bad-escape'] = '"\\x"', ['single-quotes'] = "'a'", ['control'] = '"a\nb"', ['deep'] = ('['):rep(200),
    ['bad-unicode'] = '"\\uZZZZ"', ['plus'] = '+1', ['leading-zero'] = '01',
}) do
    case('refuse-' .. form, function() return (pcall(json.decode, text)) end)
    case('refuse-' .. form .. '-text', function() return json.decode(text) end)
end
case('decode-nil', function() return (pcall(json.decode)) end)
case('decode-table', function() return (pcall(json.decode, {})) end)
case('decode-of-number', function() return json.decode(5) end)
case('null-is-nil', function() return json.NULL == nil, json.decode('null') == nil end)

-- Settings, each in a module of its own.
local function with(options)
    local mine = json.new()
    mine.cfg(options)
    return mine
end
case('new', function() return type(json.new()), json.new() ~= json end)
case('null', function() return json.null == nil, type(json.null) end)
case('cfg-default', function()
    local settings = {}
    for key, value in pairs(json.cfg) do
        settings[key] = value
    end
    return settings
end)
case('cfg-is-its-own', function()
    with({encode_number_precision = 3})
    return json.cfg.encode_number_precision
end)
case('cfg-results', function() return json.new().cfg({encode_max_depth = 5}) end)
case('cfg-precision', function() return with({encode_number_precision = 3}).encode(1 / 3) end)
case('cfg-precision-too-large', function() return (pcall(with, {encode_number_precision = 100})) end)
case('cfg-depth', function() return (pcall(with({encode_max_depth = 2}).encode, {{{{}}}})) end)
case('cfg-deep-as-nil', function()
    return with({encode_max_depth = 2, encode_deep_as_nil = true}).encode({{{{}}}})
end)
case('cfg-decode-depth', function() return (pcall(with({decode_max_depth = 2}).decode, '[[[1]]]')) end)
case('cfg-invalid-as-nil', function() return with({encode_invalid_as_nil = true}).encode({print}) end)
case('cfg-invalid-numbers', function()
    return (pcall(with({encode_invalid_numbers = false}).encode, 0 / 0))
end)
case('cfg-decode-invalid-numbers', function()
    return (pcall(with({decode_invalid_numbers = false}).decode, 'nan'))
end)
case('cfg-use-tostring', function()
    return with({encode_use_tostring = true}).encode({coroutine.create(print)}):match('thread')
end)
case('cfg-sparse', function()
    return (pcall(with({encode_sparse_convert = false}).encode, {[1] = 1, [1000] = 2}))
end)
case('cfg-sparse-ratio', function()
    return with({encode_sparse_ratio = 0}).encode({[1] = 1, [20] = 2}):sub(1, 12)
end)
case('cfg-load-metatables', function()
    return with({encode_load_metatables = false}).encode(setmetatable({}, {__serialize = 'map'}))
end)
case('cfg-save-metatables', function()
    return getmetatable(with({decode_save_metatables = false}).decode('[1]'))
end)
case('cfg-unknown', function() return (pcall(with, {nonsense = 1})) end)
case('cfg-of-nothing', function() return (pcall(json.new().cfg)) end)
case('encode-with-options', function() return json.encode(1 / 3, {encode_number_precision = 3}) end)
case('decode-with-options', function() return (pcall(json.decode, '[[1]]', {decode_max_depth = 1})) end)
