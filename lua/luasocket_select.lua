-- The LuaSocket emulation: select, sleep and gettime. Only the calling fiber waits.
local core = ...
local base = core.luasocket
local fiber = package.loaded.fiber
local poll_try, poll_wait = base.poll_try, base.poll_wait

local READ, WRITE = 1, 2

-- What an object of any make says about itself.
local function ask(object, method, default)
    local answer = object[method]
    if answer then
        answer = answer(object)
    end
    return answer or default
end

local function add(list, object)
    local index = #list + 1
    list[index] = object
    list[object] = index
end

-- Puts what is to be polled for into `polled`, two elements a descriptor, and its objects into
-- `objects`. What has bytes in its own buffer goes into `ready` instead.
local function gather(list, want, ready, polled, objects)
    for _, object in ipairs(list or {}) do
        local fd = tonumber(ask(object, 'getfd', -1)) or -1
        if fd >= 0 then
            if want == READ and ask(object, 'dirty', false) then
                add(ready, object)
            else
                polled[#polled + 1] = fd
                polled[#polled + 1] = want
                objects[#objects + 1] = object
            end
        end
    end
end

-- Waits until one of the descriptors is ready or the time is over. `answers`: for each, whether.
local function poll(polled, timeout)
    local answers, any = poll_try(polled)
    local stop = timeout and fiber.clock() + timeout
    while not any and (not stop or fiber.clock() < stop) do
        poll_wait(polled, stop and stop - fiber.clock())
        fiber.testcancel()
        answers, any = poll_try(polled)
    end
    return answers
end

-- select(receivers, senders, timeout)
function base.functions.select(receivers, senders, timeout)
    for position, list in pairs({receivers or {}, senders or {}}) do
        base.check_type('table', list, position, 'select')
    end
    timeout = timeout ~= nil and base.check_number(timeout, 3, 'select') or nil
    if timeout and timeout < 0 then
        timeout = nil
    end
    local readable, writable, polled, objects = {}, {}, {}, {}
    gather(receivers, READ, readable, polled, objects)
    gather(senders, WRITE, writable, polled, objects)
    local answers = poll(polled, #readable > 0 and 0 or timeout)
    for index, object in ipairs(objects) do
        if answers[index] then
            add(polled[2 * index] == READ and readable or writable, object)
        end
    end
    if #readable == 0 and #writable == 0 then
        return readable, writable, 'timeout'
    end
    return readable, writable
end

function base.functions.sleep(seconds)
    fiber.sleep(math.max(0, base.check_number(seconds, 1, 'sleep')))
end

base.functions.gettime = fiber.time
