# Every header compiles alone. x.cpp and x_test.cpp include x.hpp first (tools/tidy.py insists), so
# a header that has either is proven by the build; for the others a source is made that has
# nothing but the include.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
     ${PROJECT_SOURCE_DIR}/cohort/*.hpp)
set(lonely "")
foreach(header ${headers})
    string(REGEX REPLACE "\\.hpp$" "" noun ${header})
    if(NOT EXISTS ${PROJECT_SOURCE_DIR}/${noun}.cpp
       AND NOT EXISTS ${PROJECT_SOURCE_DIR}/${noun}_test.cpp)
        string(REPLACE "/" "_" flat ${noun})
        set(source ${PROJECT_BINARY_DIR}/headers/${flat}.cpp)
        file(CONFIGURE OUTPUT ${source} CONTENT "#include <@header@>\n" @ONLY)
        list(APPEND lonely ${source})
    endif()
endforeach()
if(lonely)
    add_library(cohort_headers OBJECT EXCLUDE_FROM_ALL ${lonely})
    target_link_libraries(cohort_headers PRIVATE cohort cohort_flags)
else()
    add_custom_target(cohort_headers)
endif()
