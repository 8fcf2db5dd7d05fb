---@meta log

--- Lines for the log of the daemon: standard error, or the journal. With more than one argument the
--- first is a format, as for `string.format`; a table is written as JSON. In the journal an entry has
--- the fields SOCKD_SOCKET and SOCKD_PEER of the connection that the fiber serves, and SOCKD_HANDLER,
--- the fiber's name.
---@class log
local log = {}

--- Something went wrong.
---
--- ```lua
--- log.error('cannot reach %s: %s', 'example.com', errno.strerror(errno.ETIMEDOUT))
--- ```
---@param text any
---@param ... any for the format
function log.error(text, ...) end

--- Something is odd.
---
--- ```lua
--- log.warn('%d connections are waiting', 100)
--- ```
---@param text any
---@param ... any for the format
function log.warn(text, ...) end

--- Something happened.
---
--- ```lua
--- log.info('started')
--- ```
---@param text any
---@param ... any for the format
function log.info(text, ...) end

--- Something that is rarely of interest happened.
---
--- ```lua
--- log.verbose('request %d', 1)
--- ```
---@param text any
---@param ... any for the format
function log.verbose(text, ...) end

--- Something that is of interest when looking for a fault happened.
---
--- ```lua
--- log.debug('state %s', 'idle')
--- ```
---@param text any
---@param ... any for the format
function log.debug(text, ...) end

--- Sets how much is logged, of the whole daemon: the name of a level, or a number as Tarantool counts
--- them (2 error, 4 warn, 5 info, 6 verbose, 7 debug). Without an argument it only tells the level.
---
--- ```lua
--- log.level('debug')
--- log.debug('from here on this is seen')
--- print(log.level()) --> debug
--- log.level(5)
--- ```
---@param level? string|integer
---@return string? level when there was no argument
function log.level(level) end

return log
