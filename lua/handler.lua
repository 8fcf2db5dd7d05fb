-- A handler given as text. The text may be an expression or a chunk that returns the handler (a
-- function, or a table with one as `handler`), and is then run once, with the first connection; or
-- it is the handler's body, and runs for each, with the connection and its address as `...`.
local core = ...

core.export('sockd.handler', function(chunk)
    local handler
    return function(connection, from)
        if handler then
            return handler(connection, from)
        end
        local made = chunk(connection, from)
        if type(made) == 'table' and made.handler then
            made = made.handler
        end
        if type(made) == 'function' then
            handler = made
            return handler(connection, from)
        end
    end
end)
