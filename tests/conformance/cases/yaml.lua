-- The module yaml.
local yaml = require('yaml')

-- A value with what its metatable says it is.
local function seen(value)
    local meta = type(value) == 'table' and getmetatable(value)
    local kind = meta and (meta == yaml.array_mt and 'list' or meta == yaml.map_mt and 'map') or nil
    return value, kind
end

local scalars = {
    '1', '1.5', '-1', '0x10', '0x1.8p1', '010', '0o17', '0b11', '1e3', '1e400', '.inf', '-.inf', '.nan', 'inf', 'nan', 'Infinity', '+1', '+',
    '~', 'null', 'Null', 'NULL', 'nil', 'true', 'True', 'TRUE', 'yes', 'Yes', 'no', 'false', 'on', 'off', 'y', '"1"', "'a'", '"~"', "'true'",
    '1_000', '1:30', '2001-12-14', '12345678901234567890', '123456789012345678901234', '-12345678901234567890', '9007199254740993',
    '-9007199254740993', '9223372036854775806', '9223372036854775807', '9223372036854775808', '-9223372036854775808', '100000000000000', '99999999999999',
    '18446744073709551615', '18446744073709551616', '.5', '5.', '-.5', '-0', '00', '--1', '1 2', '0x', '0xg', '1e', '1e+', '1LL', '1ull',
    '0x7fffffffffffffff', '0xffffffffffffffff', 'a # c', '1 # c', 'a\nb', '|\n a\n b\n', '>\n a\n b\n', '|-\n a\n', '|+\n a\n\n', '"\\x41\\u00e9\\U0001f600"', '"\\0"',
    '!!str 1', '!!str ~', '!!int 1', '!!int "12"', '!!int x', '!!int 0x10', '!!int 010', '!!int ""', '!!int " 7z"', '!!float 1', '!!float x', '!!float 0x10',
    '!!float 1e400', '!!bool yes', '!!bool true', '!!bool x', '!!null x', '!!binary YWJj', '!!binary "Y W"', '!!binary x', '!foo 1', '!foo a',
    '!<tag:yaml.org,2002:str> 1', '!!timestamp 2001-12-14', '!!str', '!!int', '!!binary', '!', '! a', '! 1', '&a 1', '\239\187\191a',
}
for index, text in ipairs(scalars) do
    case(('decode-scalar-%03d'):format(index), function() return text, type(yaml.decode(text)), yaml.decode(text) end)
end

local texts = {
    '', '\n', '# c', '---', '--- 1', '--- 1\n...', '--- 1\n--- 2', '--- 1\n...\n--- 2\n...\n', '--- \n...\n---\n...', '--- ~\n--- ~', 'a: 1', '{a: 1, b: [1,2]}', '- 1\n- 2\n',
    '[]', '{}', 'a:', '? a\n: b', '1: 2', 'true: 1', '{a: 1, a: 2}', '[&x {a: 1}, *x]', '- - 1', '- \n- ~\n', 'a: ""', '!!seq [1]', '!!map {}',
    '!!set {a, b}', '<<: {a: 1}', '{<<: {a: 1}, b: 2}', '&b a: 1\n', '[1,]', '{a: 1,}', '[nil]', '[&a x, &a y, *a]', '[&a "x", *a]', 'a: &x 1\nb: 2',
    '%YAML 1.1\n--- 1', '%TAG ! tag:x,2000:\n--- !a 1', '%TAG !push! tag:x.org,2000:\n--- 1\n...', 'a: |\n  b\n  c\nd: e', '- a\n-\n  - b\n', 'a:\n- 1\n- 2\n',
    '*x', 'a: [1', 'a: b: c', '\t- a', '@a', '`a', '%a', '%YAML 2.0\n--- 1', '\0', 'a\0b', '\255', 'a\255', '"\\q"', '"', "'", '[', '{', '{a', '{a: 1', '[,]',
    '[&a 1, *a]', '[&a true, *a]', '[&a ~, *a]', '--- &a x\n--- *a\n', 'a: 1\nb', '- 1\n-2', '...', '--- 1\n...\n...\n', 'nan: 1', '}', ']', ': a', '? ', '- ',
    ('['):rep(100) .. (']'):rep(100), ('- '):rep(50) .. 'a',
}
for index, text in ipairs(texts) do
    case(('decode-%03d'):format(index), function() return text, yaml.decode(text) end)
end
for index, text in ipairs({'[]', '{}', '[[1], {a: 1}]', '- a', 'a: b'}) do
    case(('decode-kind-%d'):format(index), function() return seen(yaml.decode(text)) end)
end
case('decode-null', function()
    local value = yaml.decode('[~, null]')
    return #value, value[1] == nil, value[1] == yaml.NULL, type(value[1]), type(yaml.NULL), yaml.decode('~: 1')[nil]
end)
case('decode-a-circle', function()
    local value = yaml.decode('&x [1, *x]')
    return value[1], value[2] == value
end)
case('decode-one-table-twice', function()
    local value = yaml.decode('- &x {a: 1}\n- *x')
    return value[1] == value[2], value[1].a
end)

-- ---- only the tag ----

for index, text in ipairs({
    '%TAG !push! tag:x.org,2000:\n--- 1\n...', '%TAG ! x\n---', '1', '', '[', '%TAG !a! b\n%TAG !c! d\n--- 1', '%TAG', '%TAG a b\n--- 1', '%YAML 1.1\n--- 1', '--- 1\n...\n%TAG !a! b\n--- 2',
}) do
    case(('tag_only-%02d'):format(index), function() return yaml.decode(text, {tag_only = true}) end)
end
case('tag_only-false', function() return yaml.decode('%TAG !a! b\n--- 1', {tag_only = false}) end)
case('tag_only-number', function() return yaml.decode('1', {tag_only = 1}) end)

-- ---- encode ----

local function deep(levels)
    local value = {}
    for _ = 1, levels do
        value = {value}
    end
    return value
end
local shared = {1}
local circle = {}
circle[1] = circle
local values = {
    ['1'] = 1, ['1.5'] = 1.5, ['0.1'] = 0.1, ['-0'] = -0.0, ['1e300'] = 1e300, ['-1e-300'] = -1e-300, ['2-53'] = 2 ^ 53, ['2-63'] = 2 ^ 63, ['2-64'] = 2 ^ 64, ['-2-63'] = -2 ^ 63, ['inf'] = 1 / 0, ['-inf'] = -1 / 0,
    ['int64'] = 9007199254740993LL, ['-int64'] = -9007199254740993LL, ['uint64'] = 18446744073709551615ULL, ['true'] = true, ['false'] = false, ['null'] = yaml.NULL,
    ['text'] = 'a', ['empty'] = '', ['lines'] = 'a\nb', ['paragraphs'] = 'a\n\nb', ['paragraphs-end'] = 'a\n\nb\n', ['paragraphs-front'] = ' a\n\nb', ['long'] = ('word '):rep(40), ['long-front'] = (' word'):rep(40),
    ['digits'] = '1', ['hex'] = '0x10', ['nulls'] = 'null', ['tilde'] = '~', ['yes'] = 'yes', ['on'] = 'on', ['bytes'] = '\255', ['nul'] = 'a\0b', ['end-space'] = 'a ', ['front-space'] = ' a', ['dash'] = '-', ['dash-a'] = '- a', ['colon'] = 'a: b',
    ['hash'] = 'a #b', ['star'] = '*a', ['and'] = '&a', ['bang'] = '!a', ['percent'] = '%a', ['at'] = '@a', ['quote'] = "it's", ['quotes'] = '"a"', ['dots'] = '...', ['dashes'] = '---', ['tab'] = 'a\tb', ['utf-8'] = 'привет', ['emoji'] = '😀',
    ['list'] = {1, 2}, ['map'] = {a = 1}, ['none'] = {}, ['map-list'] = {a = {1, 2}}, ['map-map'] = {a = {b = 1}}, ['list-map'] = {{a = 1}}, ['list-list'] = {{1}, {2, 3}}, ['map-none'] = {a = {}}, ['list-none'] = {{}, {}},
    ['text-in-map'] = {a = 'x\n\ny'}, ['text-in-list'] = {'x\n\ny\n', ('w '):rep(60)}, ['shared'] = {shared, shared}, ['shared-map'] = {a = shared, b = shared}, ['circle'] = circle,
    ['as-map'] = setmetatable({1}, {__serialize = 'map'}), ['as-mapping'] = setmetatable({1}, {__serialize = 'mapping'}), ['as-seq'] = setmetatable({1, 2}, {__serialize = 'seq'}), ['as-sequence'] = setmetatable({1, 2}, {__serialize = 'sequence'}),
    ['as-array'] = setmetatable({1, 2}, {__serialize = 'array'}), ['as-text'] = setmetatable({1, 2}, {__serialize = function() return 'x' end}), ['as-table'] = setmetatable({1, 2}, {__serialize = function() return {a = 1} end}),
    ['as-nil'] = setmetatable({1}, {__serialize = function() return nil end}), ['as-bad'] = setmetatable({1}, {__serialize = 'bad'}), ['as-error'] = setmetatable({1}, {__serialize = function() error('oops', 0) end}),
    ['as-empty-map'] = setmetatable({}, {__serialize = 'map'}), ['sparse'] = {[1] = 1, [3] = 3}, ['sparse-start'] = {[3] = 1}, ['too-sparse'] = {[30] = 1}, ['key-1.5'] = {[1.5] = 1}, ['key-true'] = {[true] = 1}, ['key-null'] = {[yaml.NULL] = 1},
    ['key-digits'] = {['1'] = 1}, ['key-empty'] = {[''] = 1}, ['key-lines'] = {['a\nb'] = 1}, ['key-lines-list'] = {['a\nb'] = {1, 2}}, ['key-lines-map'] = {['a\nb'] = {c = 1}}, ['key-long'] = {[('k'):rep(200)] = 1}, ['key-128'] = {[('k'):rep(128)] = 1}, ['key-129'] = {[('k'):rep(129)] = {1}},
    ['key-words'] = {[('k '):rep(100)] = 1}, ['key-separator'] = {['k\226\128\168l'] = 1}, ['key-0'] = {[0] = 1}, ['key--1'] = {[-1] = 1}, ['deep'] = deep(200), ['function'] = print, ['thread'] = coroutine.create(print), ['userdata'] = newproxy(), ['in-list'] = {print}, ['in-map'] = {a = print},
}
for name, value in each(values) do
    case('encode-' .. name, function() return yaml.encode(value) end)
end
for name, value in each(values) do
    if name ~= 'circle' then
        case('there-and-back-' .. name, function()
            local ok, text = pcall(yaml.encode, value)
            return not ok or yaml.encode(yaml.decode(text)) == text
        end)
    end
end
case('a-key-in-brackets-has-one-line', function()
    local long = setmetatable({[('k '):rep(50)] = 1}, {__serialize = 'map'})
    local text = yaml.encode({('x'):rep(60), setmetatable({long, long[1], [('w '):rep(30) .. 'w'] = long}, {__serialize = 'map'})})
    return yaml.decode(text)[2][('w '):rep(30) .. 'w'][('k '):rep(50)]
end)
case('encode-nil', function() return yaml.encode(nil) end)
case('encode-nothing', function() return yaml.encode() end)
case('encode-keys', function() return yaml.encode({b = 1, a = 2, d = 3, c = 4}) == yaml.encode({a = 2, b = 1, c = 4, d = 3}) end)

local options = {
    ['both'] = {tag_prefix = 'tag:x', tag_handle = '!a!'}, ['primary'] = {tag_prefix = 'x', tag_handle = '!'}, ['no-handle'] = {tag_prefix = 'x'}, ['no-prefix'] = {tag_handle = '!a!'},
    ['prefix-number'] = {tag_prefix = 1, tag_handle = '!a!'}, ['none'] = {}, ['handle-table'] = {tag_prefix = 'x', tag_handle = {}}, ['both-tables'] = {tag_prefix = {}, tag_handle = {}},
    ['handle-a'] = {tag_prefix = 'x', tag_handle = 'a'}, ['handle-!a'] = {tag_prefix = 'x', tag_handle = '!a'}, ['handle-empty'] = {tag_prefix = 'x', tag_handle = ''}, ['prefix-empty'] = {tag_prefix = '', tag_handle = '!a!'},
    ['handle-!é!'] = {tag_prefix = 'x', tag_handle = '!é!'}, ['handle-! !'] = {tag_prefix = 'x', tag_handle = '! !'}, ['handle-newline'] = {tag_prefix = 'x', tag_handle = '!a\n!'}, ['prefix-odd'] = {tag_prefix = 'a\nb c%é~[]', tag_handle = '!a!'}, ['handle-double'] = {tag_prefix = 'x', tag_handle = '!!'},
    ['number'] = 1, ['text'] = 'a', ['true'] = true,
}
for name, value in each(options) do
    case('encode-option-' .. name, function() return yaml.encode(1, value) end)
end
case('encode-tag-list', function() return yaml.encode({1}, {tag_prefix = 'x', tag_handle = '!a!'}) end)
case('encode-option-nil', function() return yaml.encode(1, nil) end)
case('encode-three', function() return yaml.encode(1, {}, 2) end)

-- ---- arguments of decode ----

for form, value in each({['number'] = 1, ['true'] = true, ['table'] = {}, ['function'] = print}) do
    case('decode-of-' .. form, function() return yaml.decode(value) end)
end
case('decode-of-nothing', function() return yaml.decode() end)
for form, value in each({['number'] = 1, ['true'] = true, ['text'] = 'a', ['table'] = {}, ['function'] = print}) do
    case('decode-option-' .. form, function() return yaml.decode('1', value) end)
end

-- ---- settings ----

local function new(settings)
    local module = yaml.new()
    module.cfg(settings)
    return module
end
for name, default in each({
    encode_load_metatables = true, encode_invalid_numbers = true, encode_use_tostring = true, decode_max_depth = true, encode_number_precision = true, encode_sparse_convert = true, encode_max_depth = true,
    decode_invalid_numbers = true, encode_sparse_ratio = true, encode_invalid_as_nil = true, encode_sparse_safe = true, encode_deep_as_nil = true, decode_save_metatables = true,
}) do
    case('cfg-' .. name, function() return default, yaml.cfg[name] end)
end
case('cfg-use_tostring', function() return (new({encode_use_tostring = true}).encode(print):gsub('builtin: ', ''):match('^%-%-%- .function')) end)
case('cfg-invalid_as_nil', function() return new({encode_invalid_as_nil = true}).encode({print}) end)
case('cfg-invalid_numbers', function() return new({encode_invalid_numbers = false}).encode(1 / 0) end)
case('cfg-invalid_numbers-as-nil', function() return new({encode_invalid_numbers = false, encode_invalid_as_nil = true}).encode(1 / 0) end)
case('cfg-max_depth', function() return new({encode_max_depth = 2}).encode(deep(3)) end)
case('cfg-deep_as_nil', function() return new({encode_max_depth = 2, encode_deep_as_nil = true}).encode(deep(3)) end)
case('cfg-load_metatables', function() return new({encode_load_metatables = false}).encode(setmetatable({1}, {__serialize = 'map'})) end)
case('cfg-sparse_convert', function() return new({encode_sparse_convert = false}).encode({[1] = 1, [20] = 1}) end)
case('cfg-sparse_ratio', function() return new({encode_sparse_ratio = 0}).encode({[12] = 1}) end)
case('cfg-sparse_safe', function() return new({encode_sparse_safe = 2}).encode({[3] = 1}) end)
case('cfg-number_precision', function() return new({encode_number_precision = 3}).encode(1.23456) end)
for _, text in ipairs({'nan', 'inf', '1e400', '-inf', '1'}) do
    case('cfg-decode_invalid_numbers-' .. text, function() return new({decode_invalid_numbers = false}).decode(text) end)
end
case('cfg-save_metatables', function()
    local module = new({decode_save_metatables = false})
    return getmetatable(module.decode('[1]')), getmetatable(module.decode('{}'))
end)
case('cfg-of-one-alone', function()
    new({encode_number_precision = 3})
    return yaml.encode(1.23456), yaml.cfg.encode_number_precision
end)
