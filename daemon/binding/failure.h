/*
 * Errors as scripts see them: errno numbers, their sentences, and the calling fiber's last error.
 */
#pragma once

#include <lua.h>

/* The errno for a result (util/error.h): 0 for 0 and above; a failed look-up is EIO. */
int failure_errno(int error);

/* Pushes the sentence for a result: that of the errno, or of the look-up. */
void failure_push_text(lua_State *L, int error);

/* Makes a result the calling fiber's last error; hands it on. */
int failure_note(lua_State *L, int error);

/* Throws, naming the place in the script. */
__attribute__((format(printf, 2, 3))) int failure_throw(lua_State *L, const char *format, ...);

/* ---- what calls return; each notes the error and is to be returned ---- */

/* true; or false. */
int failure_or_true(lua_State *L, int error);

/* nil. */
int failure_nil(lua_State *L, int error);

/* nil and the sentence. */
int failure_nil_text(lua_State *L, int error);

/* `first`, at the top of the stack, and the status, the errno and the sentence. */
int failure_full(lua_State *L, int error);
