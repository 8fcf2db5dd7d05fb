/*
 * Sorting numbers for table.sort (lua/table.lua), in slices: LuaJIT's own takes seconds for some
 * millions of values, which nothing interrupts. The numbers are copied out of the table, sorted by
 * a quicksort that keeps its open ranges here, and copied back.
 */
#include "binding/binding_private.h"

#include "util/error.h"

#include <lauxlib.h>
#include <math.h>

/* Numbers that are looked at in a slice: some milliseconds. Dividing one range is never
 * interrupted. */
#define TABLE_SLICE  500000

/* Ranges up to here are sorted by insertion. */
#define TABLE_SMALL  16

/* The smaller half is divided first, so that the open ranges are at most one for each bit. */
#define TABLE_RANGES 64

struct table_range {
    size_t low, high; /* the first, and behind the last */
};

struct table_numbers {
    size_t count, read, written;
    uint64_t dice;
    int open;
    struct table_range ranges[TABLE_RANGES];
    double values[];
};

static void table_swap(double *values, size_t a, size_t b)
{
    double value = values[a];
    values[a] = values[b];
    values[b] = value;
}

static void table_insert(double *values, struct table_range range)
{
    for (size_t i = range.low + 1; i < range.high; i++) {
        double value = values[i];
        size_t at = i;
        for (; at > range.low && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

/* One of the range by chance, so that no order of values is a bad one. */
static double table_pivot(struct table_numbers *numbers, struct table_range range)
{
    numbers->dice = numbers->dice * 6364136223846793005u + 1442695040888963407u;
    return numbers->values[range.low + (numbers->dice >> 32) % (range.high - range.low)];
}

/* Into those up to the pivot and those from it on, of which neither is empty. */
static size_t table_divide(struct table_numbers *numbers, struct table_range range)
{
    double pivot = table_pivot(numbers, range), *values = numbers->values;
    size_t left = range.low, right = range.high - 1;
    for (;; left++, right--) {
        while (values[left] < pivot)
            left++;
        while (values[right] > pivot)
            right--;
        if (left >= right)
            break;
        table_swap(values, left, right);
    }
    size_t middle = left == right ? left + 1 : left;
    return middle < range.high ? middle : range.high - 1;
}

static void table_open(struct table_numbers *numbers, size_t low, size_t high)
{
    CHECK(numbers->open < TABLE_RANGES);
    numbers->ranges[numbers->open++] = (struct table_range){low, high};
}

/* Sorts or divides the last of the open ranges. Returns its size. */
static size_t table_sort_range(struct table_numbers *numbers)
{
    struct table_range range = numbers->ranges[--numbers->open];
    size_t size = range.high - range.low;
    if (size <= TABLE_SMALL) {
        table_insert(numbers->values, range);
        return size;
    }
    size_t middle = table_divide(numbers, range);
    bool left_is_small = middle - range.low < range.high - middle;
    if (left_is_small)
        table_open(numbers, middle, range.high);
    table_open(numbers, range.low, middle);
    if (!left_is_small)
        table_open(numbers, middle, range.high);
    return size;
}

/* False if there is something else than numbers, or one that has no place in an order. */
static bool table_read(lua_State *L, struct table_numbers *numbers)
{
    for (size_t i = 0; i < TABLE_SLICE && numbers->read < numbers->count; i++) {
        lua_rawgeti(L, 2, (int)numbers->read + 1);
        double value = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : NAN;
        if (value != value)
            return false;
        numbers->values[numbers->read++] = value;
        lua_pop(L, 1);
    }
    return true;
}

static void table_write(lua_State *L, struct table_numbers *numbers)
{
    for (size_t i = 0; i < TABLE_SLICE && numbers->written < numbers->count; i++) {
        lua_pushnumber(L, numbers->values[numbers->written++]);
        lua_rawseti(L, 2, (int)numbers->written);
    }
}

/* numbers(count): to be sorted by `sorted`. */
static int table_numbers(lua_State *L)
{
    size_t count = (size_t)lua_tonumber(L, 1);
    struct table_numbers *numbers =
        lua_newuserdata(L, sizeof *numbers + count * sizeof numbers->values[0]);
    *numbers = (struct table_numbers){.count = count, .dice = count};
    table_open(numbers, 0, count);
    return 1;
}

/* sorted(numbers, table): a slice of the work on the table's elements. False while it is not over,
 * then true; nil, and nothing has happened, if not all of them are numbers. */
static int table_sorted(lua_State *L)
{
    struct table_numbers *numbers = lua_touserdata(L, 1);
    if (numbers->read < numbers->count) {
        if (!table_read(L, numbers))
            return 0;
    } else if (numbers->open > 0) {
        for (size_t work = 0; work < TABLE_SLICE && numbers->open > 0;)
            work += table_sort_range(numbers);
    } else {
        table_write(L, numbers);
    }
    lua_pushboolean(L, numbers->written == numbers->count);
    return 1;
}

/* uniform(table, count): whether the elements are all numbers or all strings, which LuaJIT's own
 * functions compare without calling anybody. */
static int table_uniform(lua_State *L)
{
    int count = (int)lua_tointeger(L, 2), type = LUA_TNONE;
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, 1, i);
        int next = lua_type(L, -1);
        lua_pop(L, 1);
        if ((i > 1 && next != type) || (next != LUA_TNUMBER && next != LUA_TSTRING))
            return 0;
        type = next;
    }
    lua_pushboolean(L, true);
    return 1;
}

static const luaL_Reg table_module_functions[] = {
    {"numbers", table_numbers},
    {"sorted", table_sorted},
    {"uniform", table_uniform},
    {NULL, NULL},
};

void table_module_open(lua_State *L, int internals)
{
    lua_newtable(L);
    luaL_register(L, NULL, table_module_functions);
    lua_setfield(L, internals, "table");
}
