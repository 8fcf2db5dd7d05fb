-- Small services on lines and bytes. Load this file and serve one of its functions by name:
--
--     sockd --load echo.lua
--     sockctl server 127.0.0.1 7000 echo
--
-- A handler is called with the connection and the peer's address, in a fiber of its own. A call
-- that has to wait lets all others run meanwhile. When the handler returns, or throws, the
-- connection is closed; an error is logged and costs this connection only.

-- Sends back whatever arrives, as it arrives.
function echo(connection)
    while true do
        local data = connection:sysread()
        -- '' is the end of the stream, nil an error: connection:error() would say which.
        if data == nil or data == '' then
            return
        end
        connection:write(data)
    end
end

-- Sends back each line with its number in front.
function lines(connection)
    local number = 0
    while true do
        local line = connection:read('\n')
        if line == nil or line == '' then
            return
        end
        number = number + 1
        connection:write(number .. ': ' .. line)
    end
end

-- Sends back each line in capitals; hangs up on a peer that says nothing for a minute.
function upper(connection)
    while true do
        local line = connection:read('\n', 60)
        if line == nil or line == '' then
            return
        end
        connection:write(line:upper())
    end
end
