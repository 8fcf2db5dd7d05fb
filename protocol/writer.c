/*
 * Writing MessagePack into memory that grows. See writer.h.
 *
 * msgpack-c's packer does the encoding; its write callback is the append below.
 */
#include "protocol/writer.h"

#include "protocol/utf8.h"

#include <errno.h>
#include <math.h>
#include <msgpack/pack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void writer_init(struct writer *writer, void *data, size_t capacity, writer_grow_fn grow,
                 void *owner)
{
    *writer = (struct writer){
        .data = data,
        .capacity = capacity,
        .limit = SIZE_MAX,
        .grow = grow,
        .owner = owner,
    };
}

static int grow_heap(struct writer *writer, size_t more)
{
    size_t capacity = writer->capacity ? 2 * writer->capacity : 256;

    if (more > writer->limit - writer->size)
        return -EMSGSIZE;
    while (capacity < writer->size + more)
        capacity *= 2;
    if (capacity > writer->limit)
        capacity = writer->limit;
    void *data = realloc(writer->data, capacity);
    if (!data)
        return -ENOMEM;
    writer->data = data;
    writer->capacity = capacity;
    return 0;
}

void writer_init_heap(struct writer *writer, size_t limit)
{
    writer_init(writer, NULL, 0, grow_heap, NULL);
    writer->limit = limit;
}

void writer_free_heap(struct writer *writer)
{
    free(writer->data);
    writer->data = NULL;
    writer->size = writer->capacity = 0;
}

void writer_rewind(struct writer *writer, size_t size)
{
    writer->size = size;
    writer->error = 0;
}

static __attribute__((noinline)) int append_growing(struct writer *writer, const char *bytes,
                                                    size_t size)
{
    if (writer->error)
        return writer->error;
    if (size > writer->capacity - writer->size) {
        writer->error = writer->grow(writer, size);
        if (writer->error)
            return writer->error;
    }
    if (size > 0)
        memcpy(writer->data + writer->size, bytes, size);
    writer->size += size;
    return 0;
}

/* Inlined where the packer writes: there the size is a constant, and the copy a store or two. */
static inline int append(void *context, const char *bytes, size_t size)
{
    struct writer *writer = context;

    if (writer->error || size > writer->capacity - writer->size || size == 0)
        return append_growing(writer, bytes, size);
    memcpy(writer->data + writer->size, bytes, size);
    writer->size += size;
    return 0;
}

void writer_raw(struct writer *writer, const void *data, size_t size)
{
    append(writer, data, size);
}

static inline msgpack_packer packer_of(struct writer *writer)
{
    return (msgpack_packer){.data = writer, .callback = append};
}

void writer_nil(struct writer *writer)
{
    msgpack_packer packer = packer_of(writer);

    msgpack_pack_nil(&packer);
}

void writer_bool(struct writer *writer, bool value)
{
    msgpack_packer packer = packer_of(writer);

    if (value)
        msgpack_pack_true(&packer);
    else
        msgpack_pack_false(&packer);
}

void writer_int(struct writer *writer, int64_t value)
{
    msgpack_packer packer = packer_of(writer);

    msgpack_pack_int64(&packer, value);
}

void writer_uint(struct writer *writer, uint64_t value)
{
    msgpack_packer packer = packer_of(writer);

    msgpack_pack_uint64(&packer, value);
}

void writer_double(struct writer *writer, double value)
{
    msgpack_packer packer = packer_of(writer);

    msgpack_pack_double(&packer, value);
}

void writer_number(struct writer *writer, double value)
{
    const double two_to_53 = 9007199254740992.0;

    if (fabs(value) <= two_to_53 && (double)(int64_t)value == value)
        writer_int(writer, (int64_t)value);
    else
        writer_double(writer, value);
}

void writer_text(struct writer *writer, const char *text)
{
    if (text)
        writer_str(writer, text, strlen(text));
    else
        writer_nil(writer);
}

void writer_escaped(struct writer *writer, const char *text)
{
    char escaped[UTF8_ESCAPED + 1];

    for (;; text++) {
        size_t good = utf8_good_size(text);
        writer_raw(writer, text, good);
        text += good;
        if (!*text)
            return;
        snprintf(escaped, sizeof escaped, "\\x%02x", (uint8_t)*text);
        writer_raw(writer, escaped, UTF8_ESCAPED);
    }
}

void writer_outside(struct writer *writer, const char *text)
{
    if (!text) {
        writer_nil(writer);
        return;
    }
    writer_str_head(writer, utf8_size(text));
    writer_escaped(writer, text);
}

/* A length that MessagePack cannot say fails the writer. */
static bool fits_head(struct writer *writer, size_t size)
{
    if (size <= UINT32_MAX)
        return true;
    if (!writer->error)
        writer->error = -EMSGSIZE;
    return false;
}

void writer_str_head(struct writer *writer, size_t size)
{
    msgpack_packer packer = packer_of(writer);

    if (fits_head(writer, size))
        msgpack_pack_str(&packer, size);
}

void writer_str(struct writer *writer, const char *data, size_t size)
{
    writer_str_head(writer, size);
    append(writer, data, size);
}

void writer_bin_head(struct writer *writer, size_t size)
{
    msgpack_packer packer = packer_of(writer);

    if (fits_head(writer, size))
        msgpack_pack_bin(&packer, size);
}

void writer_bin(struct writer *writer, const void *data, size_t size)
{
    writer_bin_head(writer, size);
    append(writer, data, size);
}

void writer_array(struct writer *writer, uint32_t count)
{
    msgpack_packer packer = packer_of(writer);

    msgpack_pack_array(&packer, count);
}

void writer_map(struct writer *writer, uint32_t pairs)
{
    msgpack_packer packer = packer_of(writer);

    msgpack_pack_map(&packer, pairs);
}
