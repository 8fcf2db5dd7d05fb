---@meta digest

--- Checksums, hashes, base64 and random bytes. `require('digest')` loads it. Each of the hashes comes as bytes and, with `_hex`, as
--- hexadecimal digits.
---@class digest
local digest = {}

--- MD5 of a text.
---
--- ```lua
--- print(#require('digest').md5('abc')) --> 16
--- ```
---@param text string
---@return string bytes
function digest.md5(text) end

--- The same in hexadecimal digits.
---
--- ```lua
--- print(require('digest').md5_hex('abc')) --> 900150983cd24fb0d6963f7d28e17f72
--- ```
---@param text string
---@return string digits
function digest.md5_hex(text) end

--- SHA-1 of a text.
---
--- ```lua
--- print(#require('digest').sha1('abc')) --> 20
--- ```
---@param text string
---@return string bytes
function digest.sha1(text) end

--- The same in hexadecimal digits.
---
--- ```lua
--- print(require('digest').sha1_hex('abc')) --> a9993e364706816aba3e25717850c26c9cd0d89d
--- ```
---@param text string
---@return string digits
function digest.sha1_hex(text) end

--- SHA-224 of a text.
---
--- ```lua
--- print(#require('digest').sha224('abc')) --> 28
--- ```
---@param text string
---@return string bytes
function digest.sha224(text) end

--- The same in hexadecimal digits.
---
--- ```lua
--- print(require('digest').sha224_hex('abc')) --> 23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7
--- ```
---@param text string
---@return string digits
function digest.sha224_hex(text) end

--- SHA-256 of a text.
---
--- ```lua
--- print(#require('digest').sha256('abc')) --> 32
--- ```
---@param text string
---@return string bytes
function digest.sha256(text) end

--- The same in hexadecimal digits.
---
--- ```lua
--- print(require('digest').sha256_hex('abc')) --> ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
--- ```
---@param text string
---@return string digits
function digest.sha256_hex(text) end

--- SHA-384 of a text.
---
--- ```lua
--- print(#require('digest').sha384('abc')) --> 48
--- ```
---@param text string
---@return string bytes
function digest.sha384(text) end

--- The same in hexadecimal digits.
---
--- ```lua
--- print(require('digest').sha384_hex('abc')) --> cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7
--- ```
---@param text string
---@return string digits
function digest.sha384_hex(text) end

--- SHA-512 of a text.
---
--- ```lua
--- print(#require('digest').sha512('abc')) --> 64
--- ```
---@param text string
---@return string bytes
function digest.sha512(text) end

--- The same in hexadecimal digits.
---
--- ```lua
--- print(require('digest').sha512_hex('abc')) --> ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
--- ```
---@param text string
---@return string digits
function digest.sha512_hex(text) end

--- The checksum CRC-32C of a text, without the inversion at its end. `digest.crc32.new()` makes an object that is given a text in
--- pieces: `update(text)`, `result()`, `clear()`, `copy()`.
---
--- ```lua
--- local sum = require('digest').crc32.new()
--- sum:update('ab')
--- sum:update('c')
--- print(sum:result() == require('digest').crc32('abc')) --> true
--- ```
---@param text string
---@return number crc
function digest.crc32(text) end

--- CRC-32C of a text that goes on from a sum, which is 4294967295 at the start.
---
--- ```lua
--- local digest = require('digest')
--- print(digest.crc32('abc'), digest.crc32_update(digest.crc32('ab'), 'c')) --> 3384066120 3384066120
--- ```
---@param crc number
---@param text string
---@return number crc
function digest.crc32_update(crc, text) end

--- A text in base64, with a line end after each 72 characters.
---
--- ```lua
--- local digest = require('digest')
--- print(digest.base64_encode('sockd'), digest.base64_encode('???>', {urlsafe = true})) --> c29ja2Q= Pz8_Pg
--- ```
---@param text string
---@param options? {nopad?: boolean, nowrap?: boolean, urlsafe?: boolean} no `=` at the end; no line ends; both, and `-` and `_` for `+` and `/`
---@return string encoded
function digest.base64_encode(text, options) end

--- And back. Characters that are none of base64's are skipped.
---
--- ```lua
--- print(require('digest').base64_decode('c29j\na2Q=')) --> sockd
--- ```
---@param encoded string
---@return string text
function digest.base64_decode(encoded) end

--- Random bytes of the kernel.
---
--- ```lua
--- print(#require('digest').urandom(16)) --> 16
--- ```
---@param size number up to 1048576
---@return string bytes
function digest.urandom(size) end

return digest
