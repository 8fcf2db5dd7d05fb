"""Lines where sockd's emulation may differ: name -> (LuaSocket's, sockd's, why)."""

DIFFERENCES = {
}
