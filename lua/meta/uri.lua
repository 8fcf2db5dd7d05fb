---@meta uri

--- Addresses as Tarantool writes them: a host, maybe with a port or service, `user:password@` in front and a path, a
--- query and a fragment behind; a port alone; the path of a unix socket, alone or behind `unix/:`; or a URL.
--- `require('uri')` loads it.
---@class uri
local uri = {}

--- The parts of an address, those that it has: `scheme`, `login`, `password`, `host`, `service`, `path`, `query`,
--- `fragment`, and one of `ipv4`, `ipv6` and `unix` if the host is of the kind. A unix socket has the host `unix/` and its
--- path as service. Nil for what is none.
---
--- ```lua
--- local uri = require('uri')
--- local parts = uri.parse('user:secret@127.0.0.1:3301')
--- print(parts.login, parts.password, parts.host, parts.service, parts.ipv4) --> user secret 127.0.0.1 3301 127.0.0.1
--- print(uri.parse('unix/:/run/it.sock').service, uri.parse('<none>'))      --> /run/it.sock nil
--- ```
---@param text string
---@return table? parts
function uri.parse(text) end

--- The address with these parts. The password is left out unless told otherwise.
---
--- ```lua
--- local uri = require('uri')
--- local parts = uri.parse('http://user:secret@host:80/path?query')
--- print(uri.format(parts))       --> http://user@host:80/path?query
--- print(uri.format(parts, true)) --> http://user:secret@host:80/path?query
--- ```
---@param parts table
---@param with_password? boolean
---@return string text
function uri.format(parts, with_password) end

return uri
