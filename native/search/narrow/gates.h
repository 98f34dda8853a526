#pragma once

#include <memory>
#include <vector>

#include "search/narrow/narrower.h"

namespace argsearch {

/// All gates of a search. Each learns from all of its slots, and closes nothing of those whose settings name another.
std::vector<std::unique_ptr<Narrower>> make_gates();

}  // namespace argsearch
