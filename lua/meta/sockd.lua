---@meta sockd

--- What only sockd has. The module is also a global.
---@class sockd
local sockd = {}

--- The open socket of a handle, as another object for it.
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- print(sockd.socket(sock:id()):id() == sock:id()) --> true
--- print(sockd.socket(1000000000))                  --> nil
--- ```
---@param id integer
---@return socket_object? sock nil if there is none
function sockd.socket(id) end

return sockd
