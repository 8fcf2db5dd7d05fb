---@meta msgpack

--- MessagePack.
---@class msgpack
---@field NULL any what nil becomes in a table; it equals nil
local msgpack = {}

--- A value as MessagePack. A table with the keys 1 to n is an array, others are maps.
---
--- ```lua
--- print(#msgpack.encode({1, 'two', {three = 3}})) --> 13
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

return msgpack
