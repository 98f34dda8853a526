#pragma once

#include <cstddef>
#include <functional>

namespace argsearch {

/// Runs `work` on a thread of its own, whose stack has room for `bytes`, and waits for it. What it throws is thrown
/// here. Pages of the stack that are not reached take no memory. OUT_OF_MEMORY when there can be no such thread.
void on_deep_stack(size_t bytes, const std::function<void()>& work);

}  // namespace argsearch
