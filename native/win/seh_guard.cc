// The engine's DLLs are MSVC builds. An exception they throw cannot be caught by a binary of another C++ runtime and
// would end the process. There, a C++ throw is a structured exception, so a structured handler turns it into a return
// value.
#include <windows.h>

namespace {
constexpr DWORD kMsvcCppException = 0xE06D7363;
}

extern "C" int argsearch_guarded(void (*function)(void*), void* argument) {
  __try {
    function(argument);
  } __except (GetExceptionCode() == kMsvcCppException ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
    return 1;
  }
  return 0;
}
