---@meta tarantool

--- What Tarantool adds to `string`, `table` and the global functions. `sockd run` has it from the start; in a service, where scripts
--- share these modules, it is there once a script has called `require('tarantool')`. The functions are those of Tarantool 2.6, as are
--- the texts of their errors.
---@class tarantool
---@field version string the version of Tarantool whose functions these are
---@field package string "sockd"
---@field build table with the field `target`
local tarantool = {}

--- The process.
---
--- ```lua
--- print(require('tarantool').pid() > 0) --> true
--- ```
---@return integer pid
function tarantool.pid() end

--- How long sockd has been running.
---
--- ```lua
--- print(require('tarantool').uptime() >= 0) --> true
--- ```
---@return number seconds
function tarantool.uptime() end

--- The parts of a text between separators; without one, its words.
---
--- ```lua
--- print(json.encode(string.split('a,b,,c', ',')), json.encode((' two words '):split())) --> ["a","b","","c"] ["two","words"]
--- print(json.encode(string.split('a,b,,c', ',', 1)))                                 --> ["a","b,,c"]
--- ```
---@param text string
---@param separator? string not empty
---@param most? number separators that count
---@return string[] parts
function string.split(text, separator, most) end

--- Whether a text, or the range of it from `from` to `to`, begins with another. Negative places count from the end.
---
--- ```lua
--- print(string.startswith('abc', 'ab'), ('abc'):startswith('bc', 2), ('abc'):startswith('c', -1)) --> true true true
--- ```
---@param text string
---@param head string
---@param from? integer
---@param to? integer
---@return boolean whether
function string.startswith(text, head, from, to) end

--- Whether it ends with another.
---
--- ```lua
--- print(string.endswith('abc', 'bc'), ('abc'):endswith('ab', 1, 2)) --> true true
--- ```
---@param text string
---@param tail string
---@param from? integer
---@param to? integer
---@return boolean whether
function string.endswith(text, tail, from, to) end

--- A text without the white space, or the other characters, at its ends.
---
--- ```lua
--- print('[' .. string.strip('  in the middle\n') .. ']', ('xaxbx'):strip('x')) --> [in the middle] axb
--- ```
---@param text string
---@param chars? string
---@return string stripped
function string.strip(text, chars) end

--- At its beginning.
---
--- ```lua
--- print('[' .. string.lstrip('  text ') .. ']') --> [text ]
--- ```
---@param text string
---@param chars? string
---@return string stripped
function string.lstrip(text, chars) end

--- At its end.
---
--- ```lua
--- print('[' .. string.rstrip(' text  ') .. ']') --> [ text]
--- ```
---@param text string
---@param chars? string
---@return string stripped
function string.rstrip(text, chars) end

--- The bytes of a text in hexadecimal digits.
---
--- ```lua
--- print(string.hex('sockd\n')) --> 736f636b640a
--- ```
---@param text string
---@return string digits
function string.hex(text) end

--- And back.
---
--- ```lua
--- print(string.fromhex('736f636B64')) --> sockd
--- ```
---@param digits string
---@return string text
function string.fromhex(digits) end

--- A text that is as long as `width` at least, with spaces or another character behind it.
---
--- ```lua
--- print(string.ljust('text', 8, '.')) --> text....
--- ```
---@param text string
---@param width number
---@param filler? string one character
---@return string text
function string.ljust(text, width, filler) end

--- The same in front of it.
---
--- ```lua
--- print(string.rjust('7', 3, '0')) --> 007
--- ```
---@param text string
---@param width number
---@param filler? string
---@return string text
function string.rjust(text, width, filler) end

--- The same on both sides.
---
--- ```lua
--- print(string.center('text', 9, '*')) --> **text***
--- ```
---@param text string
---@param width number
---@param filler? string
---@return string text
function string.center(text, width, filler) end

--- A table with the same keys, values and metatable. `__copy` in the metatable makes the copy itself.
---
--- ```lua
--- local original = {1, {2}}
--- print(table.copy(original) ~= original, table.copy(original)[2] == original[2]) --> true true
--- ```
---@param value any
---@return any copy
function table.copy(value) end

--- The same with copies of the tables within it, however deep.
---
--- ```lua
--- local original = {1, {2}}
--- original.self = original
--- local copy = table.deepcopy(original)
--- print(copy[2] ~= original[2], copy[2][1], copy.self == copy) --> true 2 true
--- ```
---@param value any
---@return any copy
function table.deepcopy(value) end

--- Takes everything out of a table.
---
--- ```lua
--- local full = {1, 2, key = 3}
--- table.clear(full)
--- print(next(full)) --> nil
--- ```
---@param full table
function table.clear(full) end

--- The number that a text stands for: an integer, of 64 bits where Lua's numbers have not enough. `0x` and `0b` in front say the base
--- if `base` does not. Nil for other texts; numbers stay what they are.
---
--- ```lua
--- print(tonumber64('18446744073709551615'), tonumber64('-0x10'), tonumber64('101', 2), tonumber64('1.5')) --> 18446744073709551615ULL -16 5 nil
--- ```
---@param value any
---@param base? integer 2 to 36
---@return any number
function tonumber64(value, base) end

return tarantool
