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

--- What runs. Each field is made anew when it is asked for, so that changing what is in it changes
--- nothing; the table itself is read-only. Called as a function it gives all of it as a plain table.
---
--- ```lua
--- print(type(sockd.info.version), sockd.info.pid > 1, sockd.info.uptime >= 0) --> string	true	true
--- print(sockd.info.cfg.log_level)                                             --> info
--- for name, value in pairs(sockd.info().cfg) do
---     log.verbose('%s = %s', name, tostring(value))
--- end
--- ```
---@class sockd_info
---@field version string of sockd
---@field pid integer of its process
---@field uptime number seconds since it started
---@field socket string? the path of the control socket; nil in `sockd run`
---@field cfg table the options in force, named as in the configuration file; one that is not given and has no default is not there
sockd.info = {}

return sockd
