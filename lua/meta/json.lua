---@meta json

--- JSON.
---@class json
---@field NULL any what null becomes in a table; it equals nil
---@field null any the same
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

--- Settings of the module, which may be called to change them, and read as fields: `encode_max_depth` and
--- `decode_max_depth` (128), `encode_deep_as_nil`, `encode_invalid_numbers` and `decode_invalid_numbers`
--- (true), `encode_invalid_as_nil`, `encode_use_tostring`, `encode_load_metatables`,
--- `decode_save_metatables`, `encode_number_precision` (14), `encode_sparse_convert` (true), `encode_sparse_ratio`
--- (2) and `encode_sparse_safe` (10).
---
--- ```lua
--- local mine = json.new()
--- mine.cfg({encode_number_precision = 3})
--- print(mine.encode(1 / 3), mine.cfg.encode_number_precision) --> 0.333 3
--- ```
---@param options table
function json.cfg(options) end

--- Another module of the kind, with settings of its own.
---
--- ```lua
--- local mine = json.new()
--- mine.cfg({encode_invalid_as_nil = true})
--- print(mine.encode({print})) --> [null]
--- ```
---@return json module
function json.new() end

return json
