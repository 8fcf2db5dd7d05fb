/*
 * Why the last call failed. See fault.h.
 */
#include "client/fault.h"

#include "protocol/errname.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_ERRNO = 4095 };

void fault_init(struct fault *fault)
{
    *fault = (struct fault){0};
    fault_begin(fault, "", 0);
}

void fault_deinit(struct fault *fault)
{
    free(fault->text);
    fault->text = NULL;
}

/* Copies bytes as a terminated text, cut to the room there is. */
static void copy(char *text, size_t room, const char *data, size_t size)
{
    if (size > room - 1)
        size = room - 1;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = 0;
}

void fault_begin(struct fault *fault, const char *method, size_t size)
{
    fault_deinit(fault);
    copy(fault->method, sizeof fault->method, method, size);
    fault->error = (struct sockd_error){
        .name = "",
        .method = fault->method,
        .message = "",
    };
}

static void set_name(struct fault *fault, const char *data, size_t size)
{
    copy(fault->name, sizeof fault->name, data, size);
    fault->error.name = fault->name;
}

static void set_message(struct fault *fault, const char *data, size_t size)
{
    fault_deinit(fault);
    if (size >= sizeof fault->brief)
        fault->text = malloc(size + 1);
    if (fault->text) {
        copy(fault->text, size + 1, data, size);
        fault->error.message = fault->text;
        return;
    }
    copy(fault->brief, sizeof fault->brief, data, size);
    fault->error.message = fault->brief;
}

static void set_text(struct fault *fault, const char *text)
{
    set_message(fault, text, strlen(text));
}

static void set_number(struct fault *fault, int number)
{
    const char *name = errname_of(number);

    fault->error.number = number;
    if (!name)
        name = "EUNKNOWN";
    set_name(fault, name, strlen(name));
}

int fault_set(struct fault *fault, enum sockd_origin origin, int error, const char *text)
{
    fault->error.origin = origin;
    set_number(fault, -error);
    set_text(fault, text ? text : errname_text(-error));
    return error;
}

/* The number in a map of details; false if there is none that could be an errno. */
static bool find_number(struct view map, int *number)
{
    struct view value;
    int64_t integer;

    if (!view_find(map, "errno", &value) || !view_int(&value, &integer))
        return false;
    if (integer <= 0 || integer > LARGEST_ERRNO)
        return false;
    *number = (int)integer;
    return true;
}

static bool find_text(struct view map, const char *key, const char **data, size_t *size)
{
    struct view value;

    return view_find(map, key, &value) && view_str(&value, data, size);
}

static void read_details(struct fault *fault, struct view map)
{
    struct view value;
    const char *data;
    int64_t sent;
    size_t size;
    int number;

    if (find_number(map, &number))
        set_number(fault, number);
    if (find_text(map, "name", &data, &size))
        set_name(fault, data, size);
    if (find_text(map, "message", &data, &size))
        set_message(fault, data, size);
    if (view_find(map, "sent", &value) && view_int(&value, &sent) && sent >= 0)
        fault->error.sent = (uint64_t)sent;
    if (view_find(map, "refused", &value))
        view_bool(&value, &fault->error.refused);
}

/* The text of an error slot: a string, or the last of an array [number, string]. */
static bool error_text(struct view error, const char **data, size_t *size)
{
    uint32_t count;

    if (view_array(&error, &count) && (count != 2 || !view_skip(&error)))
        return false;
    return view_str(&error, data, size);
}

/* Takes "ENAME: sentence" apart, for an answer that has no details. */
static void read_sentence(struct fault *fault, const char *data, size_t size)
{
    const char *colon = memmem(data, size, ": ", 2);
    int number = colon ? errname_number(data, (size_t)(colon - data)) : 0;

    if (!number) {
        set_message(fault, data, size);
        return;
    }
    set_number(fault, number);
    set_message(fault, colon + 2, size - (size_t)(colon + 2 - data));
}

int fault_set_answer(struct fault *fault, const struct message *answer)
{
    const char *data;
    size_t size;

    fault->error.origin = SOCKD_ORIGIN_DAEMON;
    set_number(fault, EIO);
    set_text(fault, "The daemon gave no reason");
    if (error_text(answer->error, &data, &size))
        read_sentence(fault, data, size);
    read_details(fault, answer->result);
    return -fault->error.number;
}
