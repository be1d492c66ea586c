# What every target of ours is compiled with and no user of the library sees.
#
# halfclose_developer_flags(TARGET [UNSANITIZED])
# halfclose_quick_to_compile(TARGET)

add_library(halfclose_warnings INTERFACE)
target_compile_options(halfclose_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Woverloaded-virtual
  # Designated initialisers leave the rest at the member's default on purpose.
  -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local>)
# These follow the optimiser, and g++ 12 raises them inside its own std::string and std::vector where nothing is
# wrong (GCC bug 105651 and its kin): they stay warnings where the others are errors.
foreach(warning IN ITEMS array-bounds maybe-uninitialized restrict stringop-overflow stringop-overread)
  target_compile_options(halfclose_warnings INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-error=${warning}>)
endforeach()

add_library(halfclose_sanitizers INTERFACE)
if(HALFCLOSE_SANITIZE)
  target_compile_options(halfclose_sanitizers INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
    # A null pointer faults by itself, and AddressSanitizer says where; the other three have nothing to look at in a
    # program that casts no pointers. They cost as much time to compile as all other checks together.
    -fno-sanitize=null,alignment,object-size,vptr
    $<$<NOT:$<BOOL:$<TARGET_PROPERTY:HALFCLOSE_QUICK_TO_COMPILE>>>:-O1>)
  target_link_options(halfclose_sanitizers INTERFACE -fsanitize=address,undefined)
endif()

function(halfclose_developer_flags target)
  cmake_parse_arguments(PARSE_ARGV 1 FLAGS "UNSANITIZED" "" "")
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  # BUILD_INTERFACE keeps both out of the exported targets.
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:halfclose_warnings>)
  if(NOT FLAGS_UNSANITIZED)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:halfclose_sanitizers>)
  endif()
endfunction()

# Under the sanitizers: what is big to compile and quick to run is not optimised.
function(halfclose_quick_to_compile target)
  if(HALFCLOSE_SANITIZE)
    set_target_properties(${target} PROPERTIES HALFCLOSE_QUICK_TO_COMPILE ON)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()
