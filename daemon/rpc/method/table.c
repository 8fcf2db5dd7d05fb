/*
 * The table of the methods' functions, made from the table of methods: a row without its function
 * does not link. The dispatcher gets it from rpc_new, and so knows no method.
 */
#include "rpc/method/method.h"

method_fn *const method_table[METHOD_COUNT] = {
#define METHOD(id, ...) [METHOD_##id] = method_##id,
#include "protocol/methods.tbl"
#undef METHOD
};
