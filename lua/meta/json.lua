---@meta json

--- JSON.
---@class json
---@field NULL any what null becomes in a table; it equals nil
local json = {}

--- A value as JSON. A table with the keys 1 to n is an array, others are objects;
--- `setmetatable(t, {__serialize = 'map'})` makes an empty one an object.
---
--- ```lua
--- print(json.encode({1, 'two', {three = 3}, json.NULL})) --> [1,"two",{"three":3},null]
--- ```
---@param value any
---@return string text
function json.encode(value) end

--- The value of a JSON text. Throws if it is none.
---
--- ```lua
--- local value = json.decode('{"list": [1, 2], "nothing": null}')
--- print(#value.list, value.nothing == json.NULL) --> 2 true
--- print(pcall(json.decode, '[1'))                --> false ...
--- ```
---@param text string
---@return any value
function json.decode(text) end

return json
