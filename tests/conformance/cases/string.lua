-- What Tarantool adds to the module string.
local NAN, INFINITY = 0 / 0, 1 / 0

case('functions', function()
    return type(string.split), type(string.startswith), type(string.endswith), type(string.strip), type(string.lstrip),
        type(string.rstrip), type(string.hex), type(string.fromhex), type(string.ljust), type(string.rjust),
        type(string.center)
end)

local texts = {
    ['empty'] = '', ['space'] = ' ', ['spaces'] = ' \t\n\v\f\r', ['word'] = 'word', ['words'] = '  one two\tthree\n',
    ['nul'] = 'a\0b\0c', ['nuls'] = '\0\0', ['newlines'] = 'a\nb\n\nc', ['commas'] = ',a,,b,', ['utf-8'] = 'при вет',
    ['bytes'] = '\255\254 \128', ['magic'] = 'a.b%c[d]^$', ['repeated'] = 'xxxabcxxx', ['digits'] = '0123', ['0x'] = '0x10',
}
local separators = {
    ['comma'] = ',', ['space'] = ' ', ['nul'] = '\0', ['newline'] = '\n', ['dot'] = '.', ['percent'] = '%', ['xx'] = 'xx',
    ['long'] = ('long'):rep(100), ['bracket'] = '[',
}
local numbers = {
    ['0'] = 0, ['1'] = 1, ['2'] = 2, ['3.7'] = 3.7, ['nan'] = NAN, ['infinity'] = INFINITY, ['2-31'] = 2 ^ 31, ['2-53'] = 2 ^ 53,
    ['1e300'] = 1e300, ['0.5'] = 0.5,
}
local strange = {
    ['nil'] = nil, ['true'] = true, ['false'] = false, ['number'] = 12, ['nan'] = NAN, ['table'] = {}, ['function'] = print,
    ['uint64'] = 5ULL, ['null'] = require('json').NULL,
}
local function is_null(value)
    return value == nil
end

for name, text in each(texts) do
    case('split-' .. name, function() return string.split(text) end)
    case('strip-' .. name, function() return text:strip(), text:lstrip(), text:rstrip() end)
    case('strip-own-' .. name, function() return text:strip('xa\0 '), text:lstrip('xa\0 '), text:rstrip('xc\0 ') end)
    case('strip-nothing-' .. name, function() return text:strip(''), text:lstrip(''), text:rstrip('') end)
    case('hex-' .. name, function() return text:hex() end)
    case('there-and-back-' .. name, function() return text:hex():fromhex() == text, text:hex():upper():fromhex() == text end)
    case('fromhex-' .. name, function() return text:fromhex() end)
    case('pad-' .. name, function() return text:ljust(8), text:rjust(8), text:center(8) end)
    case('pad-own-' .. name, function() return text:ljust(9, '*'), text:rjust(9, '\0'), text:center(9, '\n') end)
    for by, separator in each(separators) do
        case('split-' .. name .. '-by-' .. by, function()
            return text:split(separator), text:split(separator, 1), text:split(separator, 0)
        end)
        case('begins-' .. name .. '-with-' .. by, function()
            return text:startswith(separator), text:endswith(separator), (text .. separator):endswith(separator),
                (separator .. text):startswith(separator)
        end)
    end
end
for name, number in each(numbers) do
    case('split-most-' .. name, function() return ('a,b,c,d'):split(',', number), ('a b c d'):split(nil, number) end)
    if number < 100 then
        case('pad-width-' .. name, function() return ('ab'):ljust(number), ('ab'):rjust(number), ('ab'):center(number) end)
    end
    case('split-most-negative-' .. name, function() return ('a,b,c,d'):split(',', -number) end)
    case('pad-width-negative-' .. name, function() return ('ab'):ljust(-number) end)
end
for name, value in each(strange) do
    for _, method in ipairs({'split', 'strip', 'lstrip', 'rstrip', 'hex', 'fromhex', 'ljust', 'startswith', 'rjust', 'center'}) do
        case(method .. '-self-' .. name, function() return string[method](value, 'a') end)
    end
    for _, method in ipairs({'split', 'strip', 'lstrip', 'rstrip', 'startswith', 'ljust', 'rjust', 'center'}) do
        local is_width = method:find('just$') or method == 'center'
        if not (is_width and type(value) == 'number') and not (is_null(value) and method == 'split') then
            case(method .. '-argument-' .. name, function() return string[method]('abc', value) end)
        end
    end
    if not is_null(value) then
        case('split-most-is-' .. name, function() return ('a b c'):split(' ', value) end)
        case('pad-with-' .. name, function() return ('abc'):ljust(5, value), ('abc'):center(5, value) end)
    end
    case('endswith-argument-' .. name, function() return (pcall(string.endswith, 'abc', value)) end)
    case('endswith-self-' .. name, function() return (pcall(string.endswith, value, 'abc')) end)
    if type(value) ~= 'number' then
        case('startswith-from-' .. name, function() return ('abc'):startswith('b', value) end)
        case('startswith-to-' .. name, function() return ('abc'):startswith('b', 2, value) end)
    end
end
for from = -5, 5 do
    for to = -5, 5 do
        -- A range that begins before the text reads what is in front of it.
        if from ~= 0 and from >= -3 then
            case(('startswith-range-%d-%d'):format(from, to), function()
                return ('abc'):startswith('b', from, to), ('abc'):startswith('bc', from, to), ('abc'):startswith('', from, to)
            end)
        end
        if to ~= 0 and to >= -3 then
            case(('endswith-range-%d-%d'):format(from, to), function()
                return ('abc'):endswith('b', from, to), ('abc'):endswith('', from, to)
            end)
        end
    end
end
case('no-arguments-split', function() return string.split() end)
case('no-arguments-hex', function() return string.hex() end)
case('no-arguments-center', function() return string.center() end)
case('split-empty-separator', function() return ('abc'):split('') end)
case('fromhex-of-mixed', function() return ('aBCdeF09'):fromhex() end)
case('fromhex-of-newline', function() return ('\n\n'):fromhex() end)
case('fromhex-of-space', function() return ('0 '):fromhex() end)
case('fromhex-of-sign', function() return ('+1'):fromhex() end)
case('fromhex-of-odd', function() return ('abc'):fromhex() end)
case('pad-with-two', function() return ('abc'):ljust(5, 'xy') end)
case('pad-with-nothing', function() return ('abc'):rjust(5, '') end)
case('center-odd', function() return ('ab'):center(5, '*'), ('abc'):center(6, '*') end)
case('long', function()
    local long = ('word '):rep(20000)
    return #long:split(), #long:split(' '), #long:hex(), long:hex():fromhex() == long, #long:strip(), #long:strip('word ')
end)
