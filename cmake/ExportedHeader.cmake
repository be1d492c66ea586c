# Machines as a C++17 header, written while a program is built. It is installed with halfclose.
#
# halfclose_exported_header(TARGET HEADER [ARGUMENT...] [DEPENDS FILE...])
#
# TARGET includes HEADER, which is `halfclose machines export --header ARGUMENT...`. Paths among the arguments are of
# the source folder; files that they name go behind DEPENDS, so that a change makes the header again. The header is the
# target's own: another may have one of the same name.

function(halfclose_exported_header target header)
  cmake_parse_arguments(PARSE_ARGV 2 exported "" "" "DEPENDS")
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}_exported)
  cmake_path(GET header PARENT_PATH parent)
  add_custom_command(
    OUTPUT ${folder}/${header}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}/${parent}
    COMMAND halfclose::command machines export --header ${exported_UNPARSED_ARGUMENTS} -o ${folder}/${header}
    DEPENDS halfclose::command ${exported_DEPENDS}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    COMMENT "Exporting ${header} of ${target}"
    VERBATIM)
  target_sources(${target} PRIVATE ${folder}/${header})
  target_include_directories(${target} PRIVATE ${folder})
endfunction()
