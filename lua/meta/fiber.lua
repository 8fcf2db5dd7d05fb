---@meta fiber

--- Fibers: Lua functions that take turns. A fiber runs until it waits, ends, or has run for so long
--- that it is preempted. Waiting is what calls on sockets do, and `sleep`, `yield`, `join`, channels and
--- condition variables; they may be called inside `pcall`, iterators and metamethods.
---
--- A cancelled fiber learns of it by an error, `fiber is cancelled`, from the call in which it waits or
--- from the next one that would wait.
---@class fiber
local fiber = {}

---@class fiber_object
---@field storage table whatever the fiber's code keeps there; it ends with the fiber
local fiber_object = {}

--- Makes a fiber and runs it at once, until it waits or ends.
---
--- ```lua
--- fiber.create(function(word) print(word) end, 'hello') --> hello
--- print('after')                                        --> after
--- ```
---@param fn function
---@param ... any its arguments
---@return fiber_object object
function fiber.create(fn, ...) end

--- Makes a fiber that runs when its turn comes.
---
--- ```lua
--- fiber.new(function(word) print(word) end, 'hello')
--- print('before') --> before
--- fiber.yield()   --> hello
--- ```
---@param fn function
---@param ... any its arguments
---@return fiber_object object
function fiber.new(fn, ...) end

--- The running fiber.
---
--- ```lua
--- print(fiber.self() == fiber.self(), fiber.self():status()) --> true running
--- ```
---@return fiber_object object
function fiber.self() end

--- Waits for so many seconds.
---
--- ```lua
--- local before = fiber.clock()
--- fiber.sleep(0.01)
--- print(fiber.clock() - before >= 0.01) --> true
--- ```
---@param delay number
function fiber.sleep(delay) end

--- Lets the others have their turn. It counts as a wait, and so does `sleep(0)`: a fiber that makes
--- room all the time is never stopped for what it burns, however long it goes on, nor when the peer
--- of its connection has left, which only a call on the socket tells. Others are served as if it
--- were one of them.
---
--- ```lua
--- fiber.new(print, 'the other')
--- fiber.yield()       --> the other
--- print('this again') --> this again
--- ```
function fiber.yield() end

--- What a fiber does: `'running'`, `'suspended'` or `'dead'`.
---
--- ```lua
--- print(fiber.status())                              --> running
--- print(fiber.status(fiber.create(fiber.sleep, 1)))  --> suspended
--- print(fiber.status(fiber.create(function() end)))  --> dead
--- ```
---@param object? fiber_object the running one, if left out
---@return string status
function fiber.status(object) end

--- The number of a fiber, which no other has.
---
--- ```lua
--- print(fiber.find(fiber.id()) == fiber.self()) --> true
--- ```
---@param object? fiber_object the running one, if left out
---@return integer id
function fiber.id(object) end

--- Names a fiber, or tells its name. A name has 255 bytes at most; a longer one throws, unless it may
--- be cut.
---
--- ```lua
--- fiber.name('worker')
--- print(fiber.name())                          --> worker
--- fiber.name(('x'):rep(300), {truncate = true})
--- print(#fiber.name())                         --> 255
--- local other = fiber.create(fiber.sleep, 1)
--- fiber.name(other, 'other')
--- print(other:name())                          --> other
--- ```
---@param object? fiber_object the running one, if left out
---@param name? string
---@param options? {truncate: boolean}
---@return string? name if none is given
function fiber.name(object, name, options) end

--- Ends a fiber: where it waits, or waits next, an error is thrown.
---
--- ```lua
--- local other = fiber.create(function()
---     print(pcall(fiber.sleep, 100)) --> false fiber is cancelled
--- end)
--- fiber.cancel(other)
--- fiber.yield()
--- print(other:status())              --> dead
--- ```
---@param object fiber_object|integer the fiber, or its number
function fiber.cancel(object) end

--- Another name for `cancel`.
---
--- ```lua
--- local other = fiber.create(fiber.sleep, 100)
--- fiber.kill(other)
--- fiber.yield()
--- print(other:status()) --> dead
--- ```
---@param object fiber_object|integer
function fiber.kill(object) end

--- Ends the waiting of a fiber early.
---
--- ```lua
--- local other = fiber.create(function()
---     fiber.sleep(100)
---     print('awake')
--- end)
--- fiber.wakeup(other)
--- fiber.yield() --> awake
--- ```
---@param object fiber_object|integer
function fiber.wakeup(object) end

--- Throws if the running fiber was cancelled.
---
--- ```lua
--- fiber.testcancel()
--- print('goes on') --> goes on
--- ```
function fiber.testcancel() end

--- The living fiber of a number.
---
--- ```lua
--- local other = fiber.create(fiber.sleep, 1)
--- print(fiber.find(other:id()) == other, fiber.find(1000000)) --> true nil
--- ```
---@param id integer
---@return fiber_object? object
function fiber.find(id) end

--- All living fibers, by number: `{fid =, name =, csw =}`, where `csw` counts its turns.
---
--- ```lua
--- fiber.name('main')
--- print(fiber.info()[fiber.id()].name) --> main
--- ```
---@return table<integer, {fid: integer, name: string, csw: integer}> all
function fiber.info() end

--- Seconds on a clock that never goes back.
---
--- ```lua
--- print(fiber.clock() > 0) --> true
--- ```
---@return number seconds
function fiber.clock() end

--- Seconds since the year 1970.
---
--- ```lua
--- print(fiber.time() > 1600000000) --> true
--- ```
---@return number seconds
function fiber.time() end

--- As `clock`, in microseconds.
---
--- ```lua
--- print(type(fiber.clock64()), fiber.clock64() > 0) --> cdata true
--- ```
---@return ffi.cdata* microseconds
function fiber.clock64() end

--- As `time`, in microseconds.
---
--- ```lua
--- print(fiber.time64() > 1600000000000000LL) --> true
--- ```
---@return ffi.cdata* microseconds
function fiber.time64() end

--- Waits for the end of a joinable fiber. Its results come as those of `pcall`.
---
--- ```lua
--- local other = fiber.new(function() return 1, 2 end)
--- other:set_joinable(true)
--- print(fiber.join(other)) --> true 1 2
--- ```
---@param object fiber_object
---@return boolean ok
---@return any ... results, or the error
function fiber.join(object) end

--- Has the results of a fiber kept for `join`.
---
--- ```lua
--- local other = fiber.new(error, 'on purpose', 0)
--- fiber.set_joinable(other, true)
--- print(other:join()) --> false on purpose
--- ```
---@param object? fiber_object the running one, if left out
---@param flag boolean
function fiber.set_joinable(object, flag) end

--- Makes a channel, a queue between fibers.
---
--- ```lua
--- local channel = fiber.channel(1)
--- fiber.create(function() channel:put('message') end)
--- print(channel:get()) --> message
--- ```
---@param size? integer how many values may wait in it; without room a `put` waits for its `get`
---@return fiber_channel channel
function fiber.channel(size) end

--- Makes a condition variable.
---
--- ```lua
--- local cond = fiber.cond()
--- fiber.new(function() cond:signal() end)
--- print(cond:wait(1)) --> true
--- ```
---@return fiber_cond cond
function fiber.cond() end

--- As `fiber.status`.
---
--- ```lua
--- print(fiber.self():status()) --> running
--- ```
---@return string status
function fiber_object:status() end

--- As `fiber.id`.
---
--- ```lua
--- print(fiber.self():id() == fiber.id()) --> true
--- ```
---@return integer id
function fiber_object:id() end

--- As `fiber.name`.
---
--- ```lua
--- fiber.self():name('me')
--- print(fiber.self():name()) --> me
--- ```
---@param name? string
---@param options? {truncate: boolean}
---@return string? name if none is given
function fiber_object:name(name, options) end

--- As `fiber.cancel`.
---
--- ```lua
--- local other = fiber.create(fiber.sleep, 100)
--- other:cancel()
--- fiber.yield()
--- print(other:status()) --> dead
--- ```
function fiber_object:cancel() end

--- As `fiber.kill`.
---
--- ```lua
--- local other = fiber.create(fiber.sleep, 100)
--- other:kill()
--- fiber.yield()
--- print(other:status()) --> dead
--- ```
function fiber_object:kill() end

--- As `fiber.wakeup`.
---
--- ```lua
--- local other = fiber.create(fiber.sleep, 100)
--- other:wakeup()
--- fiber.yield()
--- print(other:status()) --> dead
--- ```
function fiber_object:wakeup() end

--- As `fiber.join`.
---
--- ```lua
--- local other = fiber.new(function() return 'result' end)
--- other:set_joinable(true)
--- print(other:join()) --> true result
--- ```
---@return boolean ok
---@return any ... results, or the error
function fiber_object:join() end

--- As `fiber.set_joinable`.
---
--- ```lua
--- local other = fiber.new(function() end)
--- other:set_joinable(true)
--- print(other:join()) --> true
--- ```
---@param flag boolean
function fiber_object:set_joinable(flag) end

--- A queue between fibers. Whoever waits is served in the order in which he came.
---@class fiber_channel
local fiber_channel = {}

--- Puts a value into the channel; waits while there is no room.
---
--- ```lua
--- local channel = fiber.channel(1)
--- print(channel:put('one'))       --> true
--- print(channel:put('two', 0.01)) --> false
--- ```
---@param value any
---@param timeout? number
---@return boolean done false on a timeout, and when the channel is closed
function fiber_channel:put(value, timeout) end

--- Takes a value from the channel; waits for one.
---
--- ```lua
--- local channel = fiber.channel(1)
--- channel:put('one')
--- print(channel:get())     --> one
--- print(channel:get(0.01)) --> nil
--- ```
---@param timeout? number
---@return any value nil on a timeout, and when the channel is closed
function fiber_channel:get(timeout) end

--- How many values may wait in the channel.
---
--- ```lua
--- print(fiber.channel(5):size()) --> 5
--- ```
---@return integer size
function fiber_channel:size() end

--- How many values wait in the channel.
---
--- ```lua
--- local channel = fiber.channel(5)
--- channel:put('x')
--- print(channel:count()) --> 1
--- ```
---@return integer count
function fiber_channel:count() end

--- Whether no value waits in the channel.
---
--- ```lua
--- print(fiber.channel(5):is_empty()) --> true
--- ```
---@return boolean empty
function fiber_channel:is_empty() end

--- Whether there is no room for another value.
---
--- ```lua
--- print(fiber.channel(5):is_full()) --> false
--- ```
---@return boolean full
function fiber_channel:is_full() end

--- Whether a fiber waits in `get`.
---
--- ```lua
--- local channel = fiber.channel()
--- fiber.create(function() channel:get() end)
--- print(channel:has_readers()) --> true
--- ```
---@return boolean has
function fiber_channel:has_readers() end

--- Whether a fiber waits in `put`.
---
--- ```lua
--- local channel = fiber.channel()
--- fiber.create(function() channel:put(1) end)
--- print(channel:has_writers()) --> true
--- ```
---@return boolean has
function fiber_channel:has_writers() end

--- Closes the channel: whoever waits, or calls, gets nil or false. The values that wait are dropped.
---
--- ```lua
--- local channel = fiber.channel()
--- channel:close()
--- print(channel:get(), channel:put(1)) --> nil false
--- ```
function fiber_channel:close() end

--- Whether the channel is closed.
---
--- ```lua
--- print(fiber.channel():is_closed()) --> false
--- ```
---@return boolean closed
function fiber_channel:is_closed() end

--- What fibers wait on until others signal.
---@class fiber_cond
local fiber_cond = {}

--- Waits for a signal.
---
--- ```lua
--- print(fiber.cond():wait(0.01)) --> false
--- ```
---@param timeout? number
---@return boolean signalled false on a timeout
function fiber_cond:wait(timeout) end

--- Wakes the fiber that has waited longest. If none waits, nothing happens.
---
--- ```lua
--- local cond = fiber.cond()
--- for i = 1, 2 do
---     fiber.create(function() cond:wait() print(i) end)
--- end
--- cond:signal()
--- fiber.yield() --> 1
--- ```
function fiber_cond:signal() end

--- Wakes all fibers that wait.
---
--- ```lua
--- local cond, awake = fiber.cond(), 0
--- for _ = 1, 2 do
---     fiber.create(function() cond:wait() awake = awake + 1 end)
--- end
--- cond:broadcast()
--- fiber.yield()
--- print(awake) --> 2
--- ```
function fiber_cond:broadcast() end

return fiber
