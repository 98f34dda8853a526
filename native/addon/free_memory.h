#pragma once

#include <cstdlib>  // defines __GLIBC__ where it is

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace argsearch {

/// Gives what was freed back to the system. glibc keeps freed blocks for later, in one pool for each thread that ever
/// allocated, and contexts and models are large and rarely made.
inline void return_freed_memory() {
#if defined(__GLIBC__)
  malloc_trim(/*pad=*/0);
#endif
}

}  // namespace argsearch
