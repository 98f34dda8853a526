# Cross compiling with zig's clang, which carries every target's C and C++ library:
#   -DZIG_TARGET=aarch64-macos.13.0, with ZIG=/path/to/zig in the environment when it is not on the PATH
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ZIG_TARGET ZIG_EXE)
if(NOT ZIG_EXE)
  if(DEFINED ENV{ZIG})
    set(ZIG_EXE "$ENV{ZIG}")
  else()
    find_program(ZIG_EXE zig)
  endif()
  if(NOT ZIG_EXE)
    message(FATAL_ERROR "zig is missing: set ZIG to its path")
  endif()
endif()

string(REGEX MATCH "^([^-]+)-([^-]+)" _match "${ZIG_TARGET}")
set(CMAKE_SYSTEM_PROCESSOR "${CMAKE_MATCH_1}")
set(_os "${CMAKE_MATCH_2}") # a copy: the next MATCHES clears CMAKE_MATCH_n
if(_os MATCHES "^macos")
  set(CMAKE_SYSTEM_NAME Darwin)
  foreach(_variable SYSROOT DEPLOYMENT_TARGET ARCHITECTURES)
    set(CMAKE_OSX_${_variable} "" CACHE STRING "" FORCE) # no SDK: zig ships libSystem's stubs and headers
  endforeach()
elseif(_os MATCHES "^windows")
  set(CMAKE_SYSTEM_NAME Windows)
else()
  set(CMAKE_SYSTEM_NAME Linux)
endif()
set(CMAKE_CXX_COMPILER "${ZIG_EXE};c++;-target;${ZIG_TARGET}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
