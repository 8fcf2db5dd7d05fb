/*
 * Writing MessagePack: values appended to memory that somebody else owns and makes grow.
 *
 * The first failure sticks: later appends do nothing, so that a whole message can be written and
 * the outcome asked for once. writer_rewind() takes half a message back. What is written is
 * encoded by msgpack-c, in the shortest form of each value.
 */
#ifndef PROTOCOL_WRITER_H
#define PROTOCOL_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer;

/*
 * Makes room for more bytes behind writer->size: sets data and capacity so that capacity - size >=
 * more, what was written kept. Returns 0 or a negative errno (-ENOMEM, -EMSGSIZE, -EDQUOT …), after
 * which the writer fails.
 */
typedef int (*writer_grow_fn)(struct writer *writer, size_t more);

struct writer {
    uint8_t *data;
    size_t size;     /* bytes written */
    size_t capacity; /* bytes that data has room for */
    size_t limit;    /* for the grow function's use: the most bytes to grow to */
    writer_grow_fn grow;
    void *owner; /* for the grow function's use */
    int error;   /* 0 or the negative errno of the first failure */
};

/* A writer over memory with a grow function of the caller's. data may be NULL with capacity 0. */
void writer_init(struct writer *writer, void *data, size_t capacity, writer_grow_fn grow,
                 void *owner);

/* A writer over memory that malloc(3) gives, never more than limit bytes: beyond it the error is
 * -EMSGSIZE. writer_free_heap() ends it. */
void writer_init_heap(struct writer *writer, size_t limit);
void writer_free_heap(struct writer *writer);

/* Forgets all that was written from that size on, and the failure if there was one. */
void writer_rewind(struct writer *writer, size_t size);

void writer_nil(struct writer *writer);
void writer_bool(struct writer *writer, bool value);
void writer_int(struct writer *writer, int64_t value);
void writer_uint(struct writer *writer, uint64_t value);
void writer_double(struct writer *writer, double value);

/* A number that is written as an integer if it is one exactly. */
void writer_number(struct writer *writer, double value);

/* A terminated text; NULL is written as nil. */
void writer_text(struct writer *writer, const char *text);
void writer_str(struct writer *writer, const char *data, size_t size);

/* The same of a text from outside, such as a path or an error's: as str, which is UTF-8, so that
 * bytes that are none are written as \xNN. NULL is written as nil. */
void writer_outside(struct writer *writer, const char *text);
void writer_bin(struct writer *writer, const void *data, size_t size);

/* Only the head: the size bytes are appended next, or sent from where they lie. */
void writer_str_head(struct writer *writer, size_t size);
void writer_bin_head(struct writer *writer, size_t size);

/* The head of an array of count values or a map of pairs; the caller writes that many next. */
void writer_array(struct writer *writer, uint32_t count);
void writer_map(struct writer *writer, uint32_t pairs);

/* Bytes as they are: the body after a head, or a value that is encoded already. */
void writer_raw(struct writer *writer, const void *data, size_t size);

/* Such a text as writer_outside takes, without its head, which is for utf8_size(text) bytes. */
void writer_escaped(struct writer *writer, const char *text);

#endif
