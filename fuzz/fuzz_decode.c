/*
 * The decoders of scripts, those of json, msgpack and yaml: the first byte says which, the rest is
 * what they decode. They return a value or throw; what they return can be encoded and decoded
 * again.
 */
#include "fuzz.h"

#include "binding/binding.h"
#include "fiber/vm.h"
#include "loop/loop.h"
#include "net/net.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

/* Deep or large values may fail to be encoded; then there is nothing to compare. What has been
 * encoded must decode. */
static const char code[] =
    "local json, msgpack = require('json'), require('msgpack')\n"
    "local yaml = require('yaml')\n"
    "return function(kind, text)\n"
    "    local module = kind == 0 and json or kind == 2 and yaml or msgpack\n"
    "    local decoded, value = pcall(module.decode, text)\n"
    "    if not decoded then return true end\n"
    "    local encoded, again = pcall(module.encode, value)\n"
    "    if not encoded then return true end\n"
    "    return pcall(module.decode, again)\n"
    "end\n";

static struct vm *vm;
static int function;

struct input {
    int kind;
    const char *data;
    size_t size;
    bool right;
};

static int on_prepare(lua_State *L)
{
    if (luaL_loadstring(L, code) != 0)
        return lua_error(L);
    lua_call(L, 0, 1);
    function = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static int on_input(lua_State *L)
{
    struct input *input = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, function);
    lua_pushinteger(L, input->kind);
    lua_pushlstring(L, input->data, input->size);
    lua_call(L, 2, 1);
    input->right = lua_toboolean(L, -1);
    return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct loop *loop;
    struct net *net;
    struct binding *binding;
    struct binding_config config = {0};
    (void)argc, (void)argv;
    MUST(loop_new(&loop) == 0);
    MUST(net_new(&net, loop, &(struct net_config){.lookup_threads = 1}) == 0);
    config.net = net;
    MUST(binding_new(&binding, &config) == 0);
    vm = binding_vm(binding);
    MUST(vm_protect(vm, on_prepare, NULL, NULL) == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {data, size};
    struct input input = {.kind = food_byte(&food) & 3};
    input.data = (const char *)food.at;
    input.size = food.left;
    MUST(vm_protect(vm, on_input, &input, NULL) == 0);
    MUST(input.right);
    return 0;
}
