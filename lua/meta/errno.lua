---@meta errno

--- Error numbers: every `E…` constant of Linux is a field, `errno.EAGAIN`, `errno.ECONNREFUSED`, ….
---@class errno
---@field [string] integer
local errno = {}

--- The running fiber's last error; sets it, if a number is given.
---
--- ```lua
--- socket.tcp_connect('unix/', '/no/such/socket')
--- print(errno() == errno.ENOENT) --> true
--- errno(0)
--- print(errno())                 --> 0
--- ```
---@param number? integer
---@return integer number as it was
function errno.__call(number) end

--- The sentence for an error number.
---
--- ```lua
--- print(errno.strerror(errno.ECONNREFUSED)) --> Connection refused
--- ```
---@param number? integer the last error, if left out
---@return string text
function errno.strerror(number) end

return errno
