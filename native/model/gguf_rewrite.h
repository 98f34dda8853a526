#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace argsearch {

/// One metadata key to set in a copy.
struct GgufSet {
  std::string key;
  std::variant<std::string, float, std::vector<float>, std::vector<std::string>> value;
};

/// Copies `source` to `target` with keys set and removed; a split model becomes one file. Tensor data is streamed,
/// never held whole. The target gets its name when it is whole and on disk, in place of an older one, and nothing is
/// left of one that fails. Throws what GgufModel() throws, and FILE_UNWRITABLE. `keep_going` is asked between blocks;
/// false ends the copy with ABORTED.
void rewrite_gguf(const std::string& source, const std::string& target, const std::vector<GgufSet>& set,
                  const std::vector<std::string>& remove, const std::function<bool()>& keep_going);

}  // namespace argsearch
