# cohort_embed(room folder extensions...): the files of cohort/<room>/<folder> with these extensions
# become a part of the program: cohort/<room>/detail/embedded.hpp says how they are found.
#
# The same file, as a script, writes the source:
#     cmake -D room=dashboard -D out=FILE.cpp -D "files=a.html;b.css" -P cmake/embed.cmake
if(CMAKE_SCRIPT_MODE_FILE)
    set(arrays "")
    set(table "")
    set(number 0)
    foreach(file IN LISTS files)
        get_filename_component(name ${file} NAME)
        file(READ ${file} bytes HEX)
        string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
        string(APPEND arrays "constexpr unsigned char file_${number}[] = {${bytes}0};\n")
        string(APPEND table "    {\"${name}\", file_${number}, sizeof file_${number} - 1},\n")
        math(EXPR number "${number} + 1")
    endforeach()
    # An array of nothing is not allowed: the last one has no name, and is left out.
    file(CONFIGURE OUTPUT ${out} @ONLY CONTENT [[
// Made by cmake/embed.cmake.
#include <cohort/@room@/detail/embedded.hpp>

#include <array>

namespace cohort::@room@::detail {

namespace {

@arrays@
constexpr std::array all{std::to_array<embedded_file>({
@table@    {{}, nullptr, 0},
})};

}  // namespace

std::span<const embedded_file> embedded_files() noexcept
{
    return std::span{all}.first(@number@);
}

}  // namespace cohort::@room@::detail
]])
    return()
endif()

set(cohort_embed_script ${CMAKE_CURRENT_LIST_FILE})

function(cohort_embed room folder)
    list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/cohort/${room}/${folder}/*. OUTPUT_VARIABLE
         patterns)
    file(GLOB files CONFIGURE_DEPENDS ${patterns})
    set(out ${PROJECT_BINARY_DIR}/${room}_embedded.cpp)
    add_custom_command(
        OUTPUT ${out}
        COMMAND ${CMAKE_COMMAND} -D room=${room} -D out=${out} -D "files=${files}" -P
                ${cohort_embed_script}
        DEPENDS ${files} ${cohort_embed_script}
        VERBATIM)
    target_sources(cohort_${room} PRIVATE ${out})
endfunction()
