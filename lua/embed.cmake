# Writes the files FILES, a list, as C arrays in their order: `struct embedded embedded_lua[]` of
# binding/embedded.h, into OUT.
file(WRITE ${OUT} "/* Made from lua/ by embed.cmake. */\n#include \"binding/embedded.h\"\n\n")
set(table "")
foreach(file IN LISTS FILES)
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    file(APPEND ${OUT} "static const unsigned char ${name}_lua[] = {${bytes}};\n")
    string(APPEND table "    {\"=sockd/${name}.lua\", ${name}_lua, sizeof ${name}_lua},\n")
endforeach()
file(APPEND ${OUT} "\nconst struct embedded embedded_lua[] = {\n${table}    {0, 0, 0},\n};\n")
