-- tonumber64, on its own and beside tonumber.
local function show(value, ...)
    return type(value), tostring(value), ...
end

local texts = {
    '', ' ', '0', '1', '-1', '+1', '--1', '-+1', '- 1', '+ 1', '00', '-0', ' 12 ', '\t12\n', '\v12\f', '1 2', '12\0', '\00012', '1\n2', '0x',
    '0X1f', '0xfg', '-0x10', '0x-1', '0x 1', '0b', '0b101', '0B11', '0b12', '-0b1', '1e5', '1.5', '.5', 'x', 'nan', 'inf', '1ULL', '1LL',
    '99999999999999', '100000000000000', '-99999999999999', '-100000000000000', '9223372036854775807',
    '9223372036854775808', '18446744073709551615', '18446744073709551616', '-9223372036854775807',
    '-9223372036854775808', '-9223372036854775809', '-18446744073709551615', '-18446744073709551616',
    '0xffffffffffffffff', '0x10000000000000000', '-0x8000000000000000', '-0x8000000000000001',
    ('9'):rep(100), ('0'):rep(100) .. '1', ('1'):rep(64), ('1'):rep(65), 'zz', 'ZZ', '7', '8', '2', '0x0x1', '0x+1', '\255', 'привет', '0x1p3',
}
local bases = {-2, -1, 0, 1, 2, 8, 10, 16, 36, 37, 2 ^ 31, 2 ^ 53, '10', '16'}
for index, text in ipairs(texts) do
    case(('text-%d'):format(index), function() return text, show(tonumber64(text)) end)
    for number, base in ipairs(bases) do
        case(('text-%d-base-%d'):format(index, number), function() return show(tonumber64(text, base)) end)
    end
end
for form, value in each({
    ['number'] = 1, ['fraction'] = 1.5, ['nan'] = 0 / 0, ['infinity'] = 1 / 0, ['2-53'] = 2 ^ 53, ['2-64'] = 2 ^ 64, ['-1'] = -1,
    ['int64'] = -5LL, ['uint64'] = 18446744073709551615ULL, ['table'] = {}, ['true'] = true, ['false'] = false, ['function'] = print,
    ['null'] = require('json').NULL,
}) do
    case('value-' .. form, function() return show(tonumber64(value)) end)
    case('value-' .. form .. '-base-10', function() return show(tonumber64(value, 10)) end)
    case('value-' .. form .. '-base-16', function() return show(tonumber64(value, 16)) end)
end
case('nothing', function() return tonumber64() end)
case('nil', function() return tonumber64(nil) end)
for form, base in each({
    ['text'] = 'x', ['table'] = {}, ['true'] = true, ['fraction'] = 2.7, ['fraction-below'] = 1.9, ['fraction-above'] = 36.5,
}) do
    case('base-' .. form, function() return show(tonumber64('11', base)) end)
end
case('more-arguments', function() return show(tonumber64('11', 2, 3)) end)
case('is-global', function() return type(_G['tonumber64']) end)
