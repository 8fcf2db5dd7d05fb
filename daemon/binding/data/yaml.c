/*
 * What the module yaml of lua/tarantool/ has in C: the events of libyaml, one at a time, so that
 * the code in Lua that makes values of them can be preempted in between.
 *
 * libyaml takes its text in pieces, of which it gets so many for one event and no more.
 */
#include "binding/data/cdata.h"
#include "binding/data/serial.h"
#include "binding/extension.h"
#include "fiber/vm.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* Bytes of text for an event. */
#define YAML_PIECE 2097152
/* Tags that may be declared: each is compared to all others. */
#define YAML_TAGS  1000

/* Lua keeps the text, in the environment of the userdata. */
struct yaml_reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the latest, or none */
    bool has_event;
    bool is_starved; /* the event would have taken more text than it may */
    unsigned documents;
    const char *text;
    size_t left;
    size_t budget;
};

static const char yaml_meta[] = "sockd.yaml";

/* ---- the reader ---- */

static int yaml_feed(void *context, unsigned char *to, size_t size, size_t *given)
{
    struct yaml_reader *reader = context;
    size_t most = size < reader->left ? size : reader->left;
    reader->is_starved = reader->left > 0 && reader->budget < most;
    if (reader->is_starved)
        return 0;
    memcpy(to, reader->text, most);
    reader->text += most;
    reader->left -= most;
    reader->budget -= most;
    *given = most;
    return 1;
}

static void yaml_drop_event(struct yaml_reader *reader)
{
    if (reader->has_event)
        yaml_event_delete(&reader->event);
    reader->has_event = false;
}

static int yaml_collect(lua_State *L)
{
    struct yaml_reader *reader = lua_touserdata(L, 1);
    yaml_drop_event(reader);
    yaml_parser_delete(&reader->parser);
    return 0;
}

static void yaml_push_reader(lua_State *L, const char *text, size_t length)
{
    struct yaml_reader *reader = lua_newuserdata(L, sizeof *reader);
    *reader = (struct yaml_reader){.text = text, .left = length};
    if (!yaml_parser_initialize(&reader->parser))
        luaL_error(L, "not enough memory");
    if (luaL_newmetatable(L, yaml_meta)) {
        lua_pushcfunction(L, yaml_collect);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    yaml_parser_set_input(&reader->parser, yaml_feed, reader);
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
}

static bool yaml_has_too_many_tags(const char *text, size_t length)
{
    static const char tag[] = "%TAG";
    const char *end = text + length;
    for (unsigned count = 0; count <= YAML_TAGS; count++) {
        text = memmem(text, (size_t)(end - text), tag, sizeof tag - 1);
        if (text == NULL)
            return false;
        text += sizeof tag - 1;
    }
    return true;
}

/* open(text) */
static int yaml_open(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    if (yaml_has_too_many_tags(text, length)) {
        lua_pushliteral(L, "the text declares too many tags");
        return lua_error(L);
    }
    lua_createtable(L, 1, 0);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, 1);
    yaml_push_reader(L, text, length);
    lua_insert(L, -2);
    lua_setfenv(L, -2);
    return 1;
}

/* ---- complaints ---- */

/* Lines and columns count from 1. */
static void yaml_push_place(lua_State *L, const char *format, const yaml_mark_t *mark)
{
    lua_pushfstring(L, format, (int)mark->line + 1, (int)mark->column + 1);
}

/* As Tarantool words it. */
static int yaml_throw(lua_State *L, const struct yaml_reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const yaml_mark_t *mark = &parser->problem_mark;
    if (reader->is_starved) {
        lua_pushliteral(L, "a piece of the text is too long");
        return lua_error(L);
    }
    if (parser->error == YAML_MEMORY_ERROR) {
        lua_pushliteral(L, "not enough memory");
        return lua_error(L);
    }
    int top = lua_gettop(L);
    lua_pushfstring(L, "%s at document: %d",
                    parser->problem != NULL ? parser->problem : "a problem",
                    (int)reader->documents);
    if (mark->line > 0 || mark->column > 0)
        yaml_push_place(L, ", line: %d, column: %d", mark);
    lua_pushliteral(L, "\n");
    if (parser->context != NULL) {
        lua_pushstring(L, parser->context);
        yaml_push_place(L, " at line: %d, column: %d\n", &parser->context_mark);
    }
    lua_concat(L, lua_gettop(L) - top);
    return lua_error(L);
}

/* ---- events ---- */

static void yaml_push_text(lua_State *L, const yaml_char_t *text)
{
    lua_pushstring(L, (const char *)text); /* nil for NULL */
}

/* 'scalar', its text, anchor and tag, and whether it stood there without quotes. */
static int yaml_push_scalar(lua_State *L, const yaml_event_t *event)
{
    lua_pushliteral(L, "scalar");
    vm_push_bytes(L, event->data.scalar.value, event->data.scalar.length);
    yaml_push_text(L, event->data.scalar.anchor);
    yaml_push_text(L, event->data.scalar.tag);
    lua_pushboolean(L, event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
    return 5;
}

static int yaml_push_collection(lua_State *L, const char *kind, const yaml_char_t *anchor)
{
    lua_pushstring(L, kind);
    lua_pushnil(L);
    yaml_push_text(L, anchor);
    return 3;
}

/* 'document', how many tags it declares, and the handle and the prefix of the first. */
static int yaml_push_document(lua_State *L, const yaml_event_t *event)
{
    const yaml_tag_directive_t *first = event->data.document_start.tag_directives.start;
    const yaml_tag_directive_t *end = event->data.document_start.tag_directives.end;
    lua_pushliteral(L, "document");
    lua_pushinteger(L, end - first);
    if (first == end)
        return 2;
    yaml_push_text(L, first->handle);
    yaml_push_text(L, first->prefix);
    return 4;
}

static int yaml_push_event(lua_State *L, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return yaml_push_scalar(L, event);
    case YAML_SEQUENCE_START_EVENT:
        return yaml_push_collection(L, "list", event->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
        return yaml_push_collection(L, "map", event->data.mapping_start.anchor);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        lua_pushliteral(L, "end");
        return 1;
    case YAML_ALIAS_EVENT:
        lua_pushliteral(L, "alias");
        yaml_push_text(L, event->data.alias.anchor);
        return 2;
    case YAML_DOCUMENT_START_EVENT:
        return yaml_push_document(L, event);
    default: /* the stream has its beginning and its end, documents an end */
        lua_pushboolean(L, event->type != YAML_STREAM_END_EVENT && event->type != YAML_NO_EVENT);
        return 1;
    }
}

/* next(reader): the next event: its kind and what belongs to it; true for one that means nothing;
 * false at the end. Throws what is wrong with the text. */
static int yaml_next(lua_State *L)
{
    struct yaml_reader *reader = luaL_checkudata(L, 1, yaml_meta);
    yaml_drop_event(reader);
    reader->budget = YAML_PIECE;
    reader->has_event = yaml_parser_parse(&reader->parser, &reader->event) == 1;
    if (!reader->has_event)
        return yaml_throw(L, reader);
    reader->documents += reader->event.type == YAML_DOCUMENT_START_EVENT;
    return yaml_push_event(L, &reader->event);
}

/* ---- integers ---- */

/* integer(text): of a sign, or none, and digits; nil beyond 64 bits. */
static int yaml_integer(lua_State *L)
{
    const char *text = luaL_checkstring(L, 1);
    errno = 0;
    if (text[0] == '-') {
        long long value = strtoll(text, NULL, 10);
        if (errno != 0)
            return 0;
        cdata_push_integer(L, value);
    } else {
        unsigned long long value = strtoull(text, NULL, 10);
        if (errno != 0)
            return 0;
        cdata_push_decoded(L, value);
    }
    return 1;
}

/* ---- the module ---- */

/* module(): its settings and constants. lua/tarantool/yaml.lua puts its own functions in the places
 * of encode and decode. */
static int yaml_module(lua_State *L)
{
    serial_module(L, yaml_open, yaml_open);
    return 1;
}

const luaL_Reg extension_yaml[] = {
    {"open", yaml_open},     {"next", yaml_next}, {"integer", yaml_integer},
    {"module", yaml_module}, {NULL, NULL},
};
