---@meta uuid

--- Random identifiers of 128 bits, as RFC 4122 has them in its version 4. `require('uuid')` loads it; `uuid()` is `uuid.new()`. `tostring`
--- makes an object its text, and `==` compares.
---@class uuid
---@field NULL uuid_object the one whose bits are all 0
local uuid = {}

--- The same as `uuid.new()`.
---
--- ```lua
--- local uuid = require('uuid')
--- print(uuid() ~= uuid(), #tostring(uuid())) --> true 36
--- ```
---@return uuid_object id
function uuid.__call() end

--- A new one.
---
--- ```lua
--- local uuid = require('uuid')
--- print(uuid.new() ~= uuid.new(), #tostring(uuid())) --> true 36
--- ```
---@return uuid_object id
function uuid.new() end

--- The text of a new one.
---
--- ```lua
--- print(#require('uuid').str()) --> 36
--- ```
---@return string text
function uuid.str() end

--- The bytes of a new one. The order of those of its numbers is the machine's, or that of the network: `'b'`, `'n'` or `'network'`.
---
--- ```lua
--- print(#require('uuid').bin()) --> 16
--- ```
---@param order? string
---@return string bytes
function uuid.bin(order) end

--- The one that a text stands for. Nil for a text that is none.
---
--- ```lua
--- local uuid = require('uuid')
--- print(uuid.fromstr('01234567-89AB-4def-8123-456789abcdef'), uuid.fromstr('x')) --> 01234567-89ab-4def-8123-456789abcdef nil
--- ```
---@param text string
---@return uuid_object? id
function uuid.fromstr(text) end

--- The one with these 16 bytes, in an order as above.
---
--- ```lua
--- print(require('uuid').frombin('0123456789abcdef', 'network')) --> 30313233-3435-3637-3839-616263646566
--- ```
---@param bytes string
---@param order? string
---@return uuid_object id
function uuid.frombin(bytes, order) end

---@class uuid_object
local object = {}

--- Its bytes, in an order as above.
---
--- ```lua
--- print(require('uuid').NULL:bin() == ('\0'):rep(16)) --> true
--- ```
---@param order? string
---@return string bytes
function uuid_object:bin(order) end

--- Its text.
---
--- ```lua
--- print(require('uuid').NULL:str()) --> 00000000-0000-0000-0000-000000000000
--- ```
---@return string text
function uuid_object:str() end

--- Whether all its bits are 0.
---
--- ```lua
--- print(require('uuid').NULL:isnil(), require('uuid').new():isnil()) --> true false
--- ```
---@return boolean whether
function uuid_object:isnil() end

return uuid
