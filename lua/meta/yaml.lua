---@meta yaml

--- YAML. `require('yaml')` loads it. Reading and writing take turns with the other fibers, however long they take. What is beyond the bounds of
--- [tarantool.md](tarantool.md) throws.
---@class yaml
---@field NULL any what null becomes; it equals nil
---@field array_mt table the metatable of lists that were decoded
---@field map_mt table that of maps
local yaml = {}

--- A value as YAML. A table with the keys 1 to n is a list, others are maps, whose keys are sorted. What `__serialize` in a metatable says
--- counts as it does for JSON; `'seq'` and `'map'` write into brackets. With options, whose handle is such as `'!push!'`, the text begins
--- with a line that declares a tag. Nil and a sentence for a handle or a prefix that is none.
---
--- ```lua
--- local yaml = require('yaml')
--- print((yaml.encode({a = {1, 'two', yaml.NULL}}):gsub('\n', '|'))) --> ---|a:|- 1|- two|- null|...|
--- ```
---@param value any
---@param options? {tag_prefix: string, tag_handle: string}
---@return string? text
---@return string? problem
function yaml.encode(value, options) end

--- The values of a YAML text's documents. Throws what is wrong with it. With `{tag_only = true}` the handle and the prefix of the tag that
--- the first document declares, or nil.
---
--- ```lua
--- local yaml = require('yaml')
--- local value = yaml.decode('{list: [1, two], nothing: ~}')
--- print(#value.list, value.list[2], value.nothing == yaml.NULL) --> 2 two true
--- print(yaml.decode('--- 1\n--- 2\n'))                          --> 1 2
--- print(pcall(yaml.decode, '[1'))                               --> false ...
--- ```
---@param text string
---@param options? {tag_only: boolean}
---@return any ...
function yaml.decode(text, options) end

--- Settings of the module, which may be called to change them, and read as fields. They are those of `json`, as far as YAML has use for
--- them.
---
--- ```lua
--- local mine = require('yaml').new()
--- mine.cfg({encode_number_precision = 3})
--- print((mine.encode(1 / 3):gsub('\n', '|'))) --> --- 0.333|...|
--- ```
---@param options table
function yaml.cfg(options) end

--- Another module of the kind, with settings of its own.
---
--- ```lua
--- local mine = require('yaml').new()
--- mine.cfg({encode_use_tostring = true})
--- print(mine.encode(print):find('function') ~= nil) --> true
--- ```
---@return yaml module
function yaml.new() end

return yaml
