---@meta msgpack

--- MessagePack.
---@class msgpack
---@field NULL any what nil becomes in a table; it equals nil
local msgpack = {}

--- A value as MessagePack. A table with the keys 1 to n is an array, others are maps.
---
--- ```lua
--- print(#msgpack.encode({1, 'two', {three = 3}})) --> 14
--- ```
---@param value any
---@return string bytes
function msgpack.encode(value) end

--- A value from MessagePack, and where the next one begins. Throws if it is none.
---
--- ```lua
--- local bytes = msgpack.encode('first') .. msgpack.encode({2})
--- local first, offset = msgpack.decode(bytes)
--- print(first, msgpack.decode(bytes, offset)[1]) --> first 2
--- ```
---@param bytes string
---@param offset? integer where it begins; 1, if left out
---@return any value
---@return integer offset of the byte behind it
function msgpack.decode(bytes, offset) end

--- As `decode`, for bytes that are known to be right. It checks them all the same.
---
--- ```lua
--- print((msgpack.decode_unchecked(msgpack.encode('x')))) --> x
--- ```
---@param bytes string
---@param offset? integer
---@return any value
---@return integer offset of the byte behind it
function msgpack.decode_unchecked(bytes, offset) end

--- Settings of the module, which may be called to change them, and read as fields: `encode_max_depth` and
--- `decode_max_depth` (128), `encode_deep_as_nil`, `encode_invalid_numbers` and `decode_invalid_numbers`
--- (true), `encode_invalid_as_nil`, `encode_use_tostring`, `encode_load_metatables`,
--- `decode_save_metatables`, `encode_number_precision` (14), `encode_sparse_convert` (true), `encode_sparse_ratio`
--- (2) and `encode_sparse_safe` (10).
---
--- ```lua
--- local mine = msgpack.new()
--- mine.cfg({encode_invalid_as_nil = true})
--- print(#mine.encode({print})) --> 2
--- ```
---@param options table
function msgpack.cfg(options) end

--- Another module of the kind, with settings of its own.
---
--- ```lua
--- print(msgpack.new() ~= msgpack) --> true
--- ```
---@return msgpack module
function msgpack.new() end

return msgpack
