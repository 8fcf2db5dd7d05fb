/* What the module digest of lua/tarantool/ has in C: hashes by OpenSSL, CRC-32C, base64, and the
 * kernel's random bytes. The module uuid has the same. */
#include "binding/data/serial.h"
#include "binding/extension.h"
#include "binding/failure.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

/* Bytes of randomness in one call. */
#define DIGEST_RANDOM_MAX (1 << 20)

/* ---- hashes ---- */

/* hash(name, text): the bytes. */
static int digest_hash(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned size;
    const EVP_MD *method = EVP_get_digestbyname(name);
    if (method == NULL || EVP_Digest(text, length, value, &size, method, NULL) != 1)
        return failure_throw(L, "%s is not available", name);
    lua_pushlstring(L, (const char *)value, size);
    return 1;
}

/* crc32(start, text): CRC-32C, without the inversion at the end. */
static int digest_crc32(lua_State *L)
{
    lua_Number start = luaL_checknumber(L, 1);
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    luaL_argcheck(L, start >= 0 && start <= UINT32_MAX, 1, "0 to 4294967295 expected");
    uint32_t crc = (uint32_t)start;
    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)text[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0x82F63B78 & (0U - (crc & 1)));
    }
    lua_pushnumber(L, crc);
    return 1;
}

/* ---- base64 ---- */

static const char digest_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* encode(text): in one line, padded. */
static int digest_encode(lua_State *L)
{
    size_t length;
    const unsigned char *text = (const unsigned char *)luaL_checklstring(L, 1, &length);
    struct serial_out out;
    serial_out_init(&out, L);
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t bits = (uint32_t)text[i] << 16 | (left > 1 ? (uint32_t)text[i + 1] << 8 : 0) |
                        (left > 2 ? text[i + 2] : 0);
        char *to = serial_out_add(&out, 4);
        to[0] = digest_letters[bits >> 18];
        to[1] = digest_letters[bits >> 12 & 63];
        to[2] = '=';
        to[3] = '=';
        if (left > 1)
            to[2] = digest_letters[bits >> 6 & 63];
        if (left > 2)
            to[3] = digest_letters[bits & 63];
    }
    serial_out_push(&out);
    return 1;
}

/* -1: no letter of base64, in either form. */
static int digest_value(char letter)
{
    if (letter == '-' || letter == '_')
        return letter == '-' ? 62 : 63;
    const char *found = letter != '\0' ? strchr(digest_letters, letter) : NULL;
    return found != NULL ? (int)(found - digest_letters) : -1;
}

/* decode(text): what is no letter is skipped. */
static int digest_decode(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    struct serial_out out;
    serial_out_init(&out, L);
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < length; i++) {
        int value = digest_value(text[i]);
        if (value < 0)
            continue;
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            *serial_out_add(&out, 1) = (char)(bits >> count & 255);
        }
    }
    serial_out_push(&out);
    return 1;
}

/* ---- hexadecimal digits ---- */

/* hex(bytes): of a hash, or of another few bytes. */
static int digest_hex(lua_State *L)
{
    static const char digits[] = "0123456789abcdef";
    size_t length;
    const unsigned char *bytes = (const unsigned char *)luaL_checklstring(L, 1, &length);
    struct serial_out out;
    serial_out_init(&out, L);
    for (size_t i = 0; i < length; i++) {
        char *to = serial_out_add(&out, 2);
        to[0] = digits[bytes[i] >> 4];
        to[1] = digits[bytes[i] & 15];
    }
    serial_out_push(&out);
    return 1;
}

/* ---- randomness ---- */

/* random(size): so many bytes. */
static int digest_random(lua_State *L)
{
    lua_Number size = luaL_checknumber(L, 1);
    luaL_argcheck(L, size >= 0 && size <= DIGEST_RANDOM_MAX, 1, "0 to 1048576 expected");
    size_t left = (size_t)size;
    struct serial_out out;
    serial_out_init(&out, L);
    char *to = serial_out_add(&out, left);
    while (left > 0) {
        ssize_t got = getrandom(to, left, 0);
        if (got < 0 && errno != EINTR)
            return failure_throw(L, "no random bytes: %s", strerror(errno));
        to += got > 0 ? got : 0;
        left -= got > 0 ? (size_t)got : 0;
    }
    serial_out_push(&out);
    return 1;
}

const luaL_Reg extension_digest[] = {
    {"hash", digest_hash},
    {"hex", digest_hex},
    {"crc32", digest_crc32},
    {"encode", digest_encode},
    {"decode", digest_decode},
    {"random", digest_random},
    {NULL, NULL},
};
