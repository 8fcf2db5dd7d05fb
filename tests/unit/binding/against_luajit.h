/* What functions of ours say beside what LuaJIT's own say, which they replace. */
#pragma once

/* Runs the script of this folder with a seed and a count in a plain machine and in the binding.
 * What it returns, a text, must be the same. */
void against_luajit(const char *name, int seed, int count);
