---@meta log

--- Lines for the log of the daemon: standard error, or the journal. With more than one argument the
--- first is a format, as for `string.format`.
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

return log
