-- The module yaml: values as YAML and back. What C has are the events of libyaml; the loops that make
-- values of them are here, where the fiber can be preempted.
local core, parts = ...
local encoder = core.extend('yaml_encode')

local next_event, open, decode64, integer = parts.next, parts.open, parts.decode, parts.integer
local error, pcall, rawset, setmetatable, tonumber = error, pcall, rawset, setmetatable, tonumber
local select, type, unpack = select, type, unpack

local DEPTH = 1000 -- libyaml's work for a token grows with it
local ENCODE = 'Usage: encode(object, {tag_prefix = <string>, tag_handle = <string>})'
local DECODE = 'Usage: yaml.decode(document, [{tag_only = boolean}])'

-- ---- scalars ----

-- The nearest number, where an integer has more than 64 bits.
local function number_of(text)
    local value
    if text:find('^[+-]?%d+$') then
        value = integer(text)
    end
    if value == nil and not text:find('^[+-]?0[bB]') then
        value = tonumber(text)
    end
    return value
end

local function integer_of(text)
    return tonumber(text:match('^%s*[+-]?%d+')) or 0
end

local by_tag = {
    str = function(text)
        return text
    end,
    int = integer_of,
    float = function(text)
        return tonumber(text) or 0
    end,
    bool = function(text)
        return text == 'true' or text == 'yes'
    end,
    binary = decode64,
}

local words = {['true'] = true, yes = true, ['false'] = false, no = false}

-- What a text without quotes means.
local function plain(text, module)
    if words[text] ~= nil then
        return words[text]
    elseif text == '~' or text == 'null' then
        return module.NULL
    end
    local number = number_of(text)
    if number == nil then
        return text
    elseif type(number) == 'number' and number - number ~= 0 and not module.cfg.decode_invalid_numbers then
        error('number must not be NaN or Inf', 0)
    end
    return number
end

local function scalar(module, text, tag, is_plain)
    local by = tag and by_tag[tag:match('^tag:yaml%.org,2002:(.*)$')]
    if by then
        return by(text)
    elseif is_plain then
        return plain(text, module)
    end
    return text
end

-- ---- documents ----

-- One that is being read: `open` are the tables around the place, from the outermost on.
local Document = {}
Document.__index = Document

local function new_document(module)
    return setmetatable({module = module, open = {}, depth = 0, anchors = {}}, Document)
end

function Document:store(value)
    local around = self.open[self.depth]
    if not around then
        self.root, self.is_complete = value, true
    elseif around.is_list then
        around.count = around.count + 1
        rawset(around.value, around.count, value)
    elseif around.has_key then
        around.has_key = false
        rawset(around.value, around.key, value)
    else
        around.key, around.has_key = value, true
    end
end

function Document:anchor(anchor, value)
    if anchor then
        self.anchors[anchor] = {value}
    end
end

-- The table is stored when it is complete; what is in it may refer to it before.
function Document:begin(is_list, anchor)
    if self.depth >= DEPTH then
        error('the text nests too deep', 0)
    end
    local value, module = {}, self.module
    if module.cfg.decode_save_metatables then
        setmetatable(value, is_list and module.array_mt or module.map_mt)
    end
    self:anchor(anchor, value)
    self.depth = self.depth + 1
    self.open[self.depth] = {value = value, is_list = is_list, count = 0, has_key = false}
end

local takes = {}

function takes.scalar(self, text, anchor, tag, is_plain)
    local value = scalar(self.module, text, tag, is_plain)
    self:anchor(anchor, value)
    self:store(value)
end

function takes.list(self, _, anchor)
    self:begin(true, anchor)
end

function takes.map(self, _, anchor)
    self:begin(false, anchor)
end

takes['end'] = function(self)
    local value = self.open[self.depth].value
    self.open[self.depth] = nil
    self.depth = self.depth - 1
    self:store(value)
end

function takes.alias(self, name)
    local found = self.anchors[name]
    if not found then
        error('invalid reference: ' .. name, 0)
    end
    self:store(found[1])
end

-- The values of all documents, and how many there are.
local function decode(module, text)
    local reader, document = open(text), nil
    local values, count = {}, 0
    local function take(kind, ...)
        if takes[kind] then
            takes[kind](document, ...)
        elseif kind == 'document' then
            document = new_document(module)
        elseif document and document.is_complete then
            count = count + 1
            values[count], document = document.root, nil
        end
        return kind
    end
    repeat
        local kind = take(next_event(reader))
    until not kind
    return values, count
end

-- The handle and the prefix of the tag that the first document declares; nil and what is wrong.
local function decode_tag(text)
    local reader = open(text)
    local ok, kind, count, handle, prefix
    repeat
        ok, kind, count, handle, prefix = pcall(next_event, reader)
    until not ok or kind ~= true
    if not ok then
        return nil, kind
    elseif not kind or count == 0 then
        return nil
    elseif count > 1 then
        return nil, 'can not decode multiple tags'
    end
    return handle, prefix
end

-- ---- the module ----

local function is_text(value)
    return type(value) == 'string' or type(value) == 'number'
end

local function handle_problem(handle)
    if handle == '' then
        return 'tag handle must not be empty'
    elseif handle:sub(1, 1) ~= '!' then
        return "tag handle must start with '!'"
    elseif handle:sub(-1) ~= '!' then
        return "tag handle must end with '!'"
    elseif handle:find('[^%w_-]', 2) ~= (#handle > 1 and #handle or nil) then
        return 'tag handle must contain alphanumerical characters only'
    end
end

local function in_percents(char)
    return ('%%%02X'):format(char:byte())
end

-- The line that declares the tag; or nil and what is wrong with it.
local function tag_line(handle, prefix)
    local problem = handle_problem(handle) or prefix == '' and 'tag prefix must not be empty'
    if problem then
        return nil, problem
    end
    return ('%%TAG %s %s\n'):format(handle, (prefix:gsub("[^%w;/?:@&=+$,_.~*'()%[%]!-]", in_percents)))
end

local function encode(module, value, options)
    local line, problem = '', nil
    local handle, prefix = options and options.tag_handle, options and options.tag_prefix
    if handle ~= nil or prefix ~= nil then
        if not is_text(handle) or not is_text(prefix) then
            error(ENCODE, 0)
        end
        line, problem = tag_line(handle .. '', prefix .. '')
        if not line then
            return nil, problem
        end
    end
    return line .. encoder.value(value, module.cfg)
end

local function wrap(module)
    local new = module.new

    function module.encode(...)
        local value, options = ...
        if select('#', ...) == 0 or options ~= nil and type(options) ~= 'table' then
            error(ENCODE, 0)
        end
        return encode(module, value, options)
    end

    function module.decode(text, options)
        if not is_text(text) or options ~= nil and type(options) ~= 'table' then
            error(DECODE, 0)
        elseif options and options.tag_only == true then
            return decode_tag(text)
        end
        local values, count = decode(module, text)
        return unpack(values, 1, count)
    end

    function module.new()
        return wrap(new())
    end
    return module
end

return wrap(parts.module())
