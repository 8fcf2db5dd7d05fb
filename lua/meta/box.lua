---@meta box

--- The global `box` of Tarantool, without a database.
---@class box
box = {}

--- May be called, and does nothing, so that scripts for Tarantool run.
---
--- ```lua
--- box.cfg({listen = 3301})
--- print(type(box.cfg)) --> table
--- ```
---@param options? table
function box.cfg(options) end
