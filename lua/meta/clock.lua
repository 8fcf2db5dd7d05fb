---@meta clock

--- Clocks. Each comes in seconds, and with `64` in nanoseconds, as a 64-bit integer.
---@class clock
local clock = {}

--- The time of day, since the year 1970.
---
--- ```lua
--- print(clock.time() > 0) --> true
--- ```
---@return number seconds
function clock.time() end

--- The same in nanoseconds.
---
--- ```lua
--- print(type(clock.time64()), clock.time64() > 0) --> cdata true
--- ```
---@return ffi.cdata* nanoseconds
function clock.time64() end

--- Another name for `time`.
---
--- ```lua
--- print(clock.realtime() > 0) --> true
--- ```
---@return number seconds
function clock.realtime() end

--- The same in nanoseconds.
---
--- ```lua
--- print(type(clock.realtime64()), clock.realtime64() > 0) --> cdata true
--- ```
---@return ffi.cdata* nanoseconds
function clock.realtime64() end

--- A clock that never goes back.
---
--- ```lua
--- print(clock.monotonic() > 0) --> true
--- ```
---@return number seconds
function clock.monotonic() end

--- The same in nanoseconds.
---
--- ```lua
--- print(type(clock.monotonic64()), clock.monotonic64() > 0) --> cdata true
--- ```
---@return ffi.cdata* nanoseconds
function clock.monotonic64() end

--- The processor time that this process has used.
---
--- ```lua
--- print(clock.proc() > 0) --> true
--- ```
---@return number seconds
function clock.proc() end

--- The same in nanoseconds.
---
--- ```lua
--- print(type(clock.proc64()), clock.proc64() > 0) --> cdata true
--- ```
---@return ffi.cdata* nanoseconds
function clock.proc64() end

--- The processor time that this thread has used.
---
--- ```lua
--- print(clock.thread() > 0) --> true
--- ```
---@return number seconds
function clock.thread() end

--- The same in nanoseconds.
---
--- ```lua
--- print(type(clock.thread64()), clock.thread64() > 0) --> cdata true
--- ```
---@return ffi.cdata* nanoseconds
function clock.thread64() end

--- How much processor time a function takes, and what it returns.
---
--- ```lua
--- local result = clock.bench(function(a, b) return a + b end, 1, 2)
--- print(result[1] >= 0, result[2]) --> true 3
--- ```
---@param fn function
---@param ... any its arguments
---@return table result the seconds, then the results
function clock.bench(fn, ...) end

return clock
