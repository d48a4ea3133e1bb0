# Compiler and linker flags, given to each target by muster_flags(); nothing is set for a whole directory.

option(MUSTER_WERROR "Treat compiler warnings as errors" ON)
set(MUSTER_SANITIZE "" CACHE STRING "Value of -fsanitize= for every target, e.g. address,undefined")
option(MUSTER_COVERAGE "Instrument every target for gcov" OFF)
option(MUSTER_FUZZ "Build tests/fuzz with libFuzzer (clang only)" OFF)
# What signatures cost is measured by leaving them out. Nothing that is built so may ever leave the build folder.
option(MUSTER_INSECURE_NO_SIGNATURES "FOR ./dev bench ONLY: take every signature as good" OFF)
set(MUSTER_VERSION_NOTE "")
if(MUSTER_INSECURE_NO_SIGNATURES)
    message(WARNING "MUSTER_INSECURE_NO_SIGNATURES: anybody can forge any order in what is built here")
    set(MUSTER_VERSION_NOTE " INSECURE: SIGNATURES OFF, for measuring only")
    install(CODE "message(FATAL_ERROR \"built with MUSTER_INSECURE_NO_SIGNATURES: this is never installed\")")
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Asserts state invariants and stay on in a release: no NDEBUG.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()

include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

# Generated headers. They lie apart so that only common/wire can see the protobuf ones.
set(MUSTER_CONFIG_DIR "${CMAKE_BINARY_DIR}/config")
set(MUSTER_GEN_DIR "${CMAKE_BINARY_DIR}/gen")

set(MUSTER_WARNINGS
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual
    -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wdouble-promotion)

# muster_flags(TARGET [GENERATED]): flags of one compiled target; GENERATED code gets no warnings.
function(muster_flags target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "GENERATED" "" "")
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
    target_compile_options(${target} PRIVATE -fstack-protector-strong -fno-semantic-interposition
                                             -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -Wl,-z,relro,-z,now)
    if(arg_GENERATED)
        target_compile_options(${target} PRIVATE -w)
    else()
        target_compile_options(${target} PRIVATE ${MUSTER_WARNINGS} $<$<BOOL:${MUSTER_WERROR}>:-Werror>)
    endif()
    if(MUSTER_SANITIZE)
        target_compile_options(${target} PRIVATE -fsanitize=${MUSTER_SANITIZE} -fno-sanitize-recover=all)
        target_link_options(${target} PRIVATE -fsanitize=${MUSTER_SANITIZE})
    else()
        # Fortify needs the optimiser, and hides errors from the sanitizers.
        target_compile_options(${target} PRIVATE "$<$<CONFIG:Release>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
    endif()
    if(MUSTER_FUZZ)
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
    if(MUSTER_COVERAGE)
        # Counters are shared by the loop and the log's writer.
        target_compile_options(${target} PRIVATE --coverage -fprofile-update=atomic)
        target_link_options(${target} PRIVATE --coverage)
    endif()
endfunction()
