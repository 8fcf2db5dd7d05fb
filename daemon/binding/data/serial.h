/*
 * What the modules json and msgpack have in common: their settings, how a value of Lua is seen when
 * it is encoded, and where the encoding goes.
 */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct binding;

/* How deep values may nest whatever the settings say: the encoders and decoders recurse. */
#define SERIAL_DEPTH 1000

/* Named as scripts name them; the defaults are in serial_options.c. */
struct serial_options {
    int encode_max_depth;
    int decode_max_depth;
    int encode_number_precision;
    int encode_sparse_ratio; /* 0: a table is an array however few of its elements are there */
    int encode_sparse_safe;
    bool encode_sparse_convert;
    bool encode_deep_as_nil;
    bool encode_invalid_as_nil;
    bool encode_invalid_numbers;
    bool encode_load_metatables;
    bool encode_use_tostring;
    bool decode_invalid_numbers;
    bool decode_save_metatables;
};

/*
 * The settings for a call of `encode` or `decode`: those of its module, or, with a table as
 * argument `index`, a copy of them in `*own` with what the table says.
 */
const struct serial_options *serial_options(lua_State *L, int index, struct serial_options *own);

/*
 * Pushes a module: `encode` and `decode`, its own settings as `cfg`, `new` for another one like it,
 * null, and the metatables that decoding gives to tables.
 */
void serial_module(lua_State *L, lua_CFunction encode, lua_CFunction decode);

/* Makes those metatables; before serial_module. */
void serial_open(lua_State *L, struct binding *binding);

/* Gives the table on top of the stack the metatable of decoded ones, if that is set. */
void serial_mark(lua_State *L, const struct serial_options *options, bool array);

/* ---- what a value is ---- */

enum serial_kind {
    SERIAL_NIL,
    SERIAL_BOOLEAN,
    SERIAL_INTEGER, /* below 0 */
    SERIAL_UNSIGNED,
    SERIAL_DOUBLE,
    SERIAL_STRING,
    SERIAL_ARRAY,
    SERIAL_MAP,
};

struct serial_value {
    enum serial_kind kind;
    union {
        bool boolean;
        int64_t integer;
        uint64_t whole;
        double number;
        struct {
            const char *data; /* valid while the value is on the stack */
            size_t length;
        } text;
        size_t count; /* of elements, the missing ones included, or of pairs */
    };
};

/*
 * Sees what the value on top of the stack is. It may be replaced there, by what its __serialize
 * returns. Throws for what cannot be encoded.
 */
void serial_read(lua_State *L, const struct serial_options *options, struct serial_value *out);

/* Whether a table at this depth, from 0, is to be encoded as nil. Throws `format`, which may have a
 * place for the depth, if it is too deep and that is an error. */
bool serial_is_too_deep(lua_State *L, const struct serial_options *options, int depth,
                        const char *format);

/* ---- where an encoding goes ---- */

/* Bytes that grow in memory of Lua's, so that an error in the middle leaves nothing behind. */
struct serial_out {
    lua_State *L;
    char *data;
    size_t length, capacity;
    int slot; /* of the stack: what holds `data` */
    char first[512];
};

/* Takes the next place on the stack. */
void serial_out_init(struct serial_out *out, lua_State *L);

/* Memory for `size` bytes, to be written at once. They count. */
char *serial_out_add(struct serial_out *out, size_t size);

/* Pushes all as a string. */
void serial_out_push(struct serial_out *out);
