# The house's building blocks: rooms (static libraries), programs, the generated protobuf code.
# A room or program whose folder has no .c file yet is still configured: as an empty INTERFACE library.

# One target that makes what a user runs, and no test.
add_custom_target(programs)

# muster_pkg(NAME MODULE): a system library by pkg-config, as the target NAME.
function(muster_pkg name module)
    pkg_check_modules(pkg_${name} REQUIRED IMPORTED_TARGET ${module})
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE PkgConfig::pkg_${name})
endfunction()

# muster_library(TARGET SOURCES... DEFS... LINKS... HIDDEN...): a static library, or an empty one without
# sources. LINKS are passed on to whoever links it; HIDDEN only as far as the linker needs them.
function(muster_library target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEFS;LINKS;HIDDEN")
    if(arg_SOURCES)
        add_library(${target} STATIC ${arg_SOURCES})
        target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}" "${MUSTER_CONFIG_DIR}")
        target_compile_definitions(${target} PRIVATE ${arg_DEFS})
        target_link_libraries(${target} PUBLIC ${arg_LINKS} PRIVATE ${arg_HIDDEN})
        muster_flags(${target})
    else()
        add_library(${target} INTERFACE)
        target_include_directories(${target} INTERFACE "${PROJECT_SOURCE_DIR}" "${MUSTER_CONFIG_DIR}")
        target_link_libraries(${target} INTERFACE ${arg_LINKS})
    endif()
endfunction()

# muster_room(NAME n [DIR d] [DEPS rooms...] [LIBS targets...] [MUTANTS])
# Makes muster_<n> from DIR/*.c (common/<n> unless told). With MUTANTS also muster_<n>_mutants: the same
# sources with -DMUSTER_MUTANTS, linked to the mutants of its DEPS where they have some, built on demand only.
function(muster_room)
    cmake_parse_arguments(PARSE_ARGV 0 arg "MUTANTS" "NAME;DIR" "DEPS;LIBS")
    if(NOT arg_DIR)
        set(arg_DIR "common/${arg_NAME}")
    endif()
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${arg_DIR}/*.c")
    list(TRANSFORM arg_DEPS PREPEND muster_ OUTPUT_VARIABLE deps)
    muster_library(muster_${arg_NAME} SOURCES ${sources} LINKS ${deps} HIDDEN ${arg_LIBS})
    if(arg_MUTANTS)
        set(variants)
        foreach(dep IN LISTS deps)
            if(TARGET ${dep}_mutants)
                list(APPEND variants ${dep}_mutants)
            else()
                list(APPEND variants ${dep})
            endif()
        endforeach()
        muster_library(muster_${arg_NAME}_mutants SOURCES ${sources} DEFS MUSTER_MUTANTS
                       LINKS ${variants} HIDDEN ${arg_LIBS})
        set_target_properties(muster_${arg_NAME}_mutants PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
endfunction()

# muster_program(EXE ROOM n DIR d DEPS rooms... LIBS targets...)
# Makes bin/EXE from DIR/main.c (or DIR/EXE.c), and of all its other sources the library muster_<n>, so that
# unit tests can link them.
function(muster_program exe)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOM;DIR" "DEPS;LIBS")
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${arg_DIR}/*.c")
    set(main)
    foreach(candidate "${exe}.c" main.c)
        if("${PROJECT_SOURCE_DIR}/${arg_DIR}/${candidate}" IN_LIST sources)
            set(main "${PROJECT_SOURCE_DIR}/${arg_DIR}/${candidate}")
        endif()
    endforeach()
    list(REMOVE_ITEM sources "${main}")
    list(TRANSFORM arg_DEPS PREPEND muster_ OUTPUT_VARIABLE deps)
    muster_library(muster_${arg_ROOM} SOURCES ${sources} LINKS ${deps} ${arg_LIBS})
    if(main)
        add_executable(${exe} "${main}")
        muster_flags(${exe})
        target_link_libraries(${exe} PRIVATE muster_${arg_ROOM} ${deps} ${arg_LIBS})
        add_dependencies(programs ${exe})
        install(TARGETS ${exe} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    endif()
endfunction()

# muster_shared_client(): libmuster.so, the public C client, from the objects of muster_client.
function(muster_shared_client)
    get_target_property(type muster_client TYPE)
    if(NOT type STREQUAL STATIC_LIBRARY)
        return()
    endif()
    set(map "${PROJECT_SOURCE_DIR}/cmake/libmuster.map")
    add_library(muster_shared SHARED $<TARGET_OBJECTS:muster_client>)
    set_target_properties(muster_shared PROPERTIES OUTPUT_NAME muster LINKER_LANGUAGE C LINK_DEPENDS "${map}"
                          VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
    muster_flags(muster_shared)
    target_link_options(muster_shared PRIVATE "-Wl,--version-script=${map}")
    target_link_libraries(muster_shared PRIVATE muster_client)
    add_dependencies(programs muster_shared)
    install(TARGETS muster_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
    configure_file(cmake/libmuster.pc.in "${MUSTER_CONFIG_DIR}/libmuster.pc" @ONLY)
    install(FILES agents/lib/muster.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    install(FILES "${MUSTER_CONFIG_DIR}/libmuster.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# muster_proto(): proto/muster/v1/*.proto compiled by protoc-c into the build folder, as muster_proto.
function(muster_proto)
    file(GLOB protos CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/proto"
         "${PROJECT_SOURCE_DIR}/proto/muster/v1/*.proto")
    if(NOT protos)
        add_library(muster_proto INTERFACE)
        return()
    endif()
    find_program(PROTOC_C protoc-c REQUIRED)
    set(absolute ${protos})
    list(TRANSFORM absolute PREPEND "${PROJECT_SOURCE_DIR}/proto/")
    set(generated)
    foreach(proto IN LISTS protos)
        string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
        set(outputs "${MUSTER_GEN_DIR}/${stem}.pb-c.c" "${MUSTER_GEN_DIR}/${stem}.pb-c.h")
        # Files import each other, so each depends on all: there are few, and protoc-c is quick.
        add_custom_command(
            OUTPUT ${outputs}
            COMMAND "${CMAKE_COMMAND}" -E make_directory "${MUSTER_GEN_DIR}"
            COMMAND "${PROTOC_C}" -I "${PROJECT_SOURCE_DIR}/proto" "--c_out=${MUSTER_GEN_DIR}" "${proto}"
            DEPENDS ${absolute}
            COMMENT "protoc-c ${proto}"
            VERBATIM)
        list(APPEND generated ${outputs})
    endforeach()
    add_library(muster_proto STATIC ${generated})
    target_include_directories(muster_proto SYSTEM PUBLIC "${MUSTER_GEN_DIR}")
    target_link_libraries(muster_proto PUBLIC protobuf_c)
    muster_flags(muster_proto GENERATED)
endfunction()
