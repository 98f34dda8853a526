#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "check.h"
#include "error.h"
#include "model/gguf_file.h"
#include "model/gguf_rewrite.h"

namespace argsearch {
namespace {

namespace fs = std::filesystem;

/// A file that is removed at the end of its test.
class Scratch {
 public:
  Scratch() : path_(fs::temp_directory_path() / ("argsearch-" + std::to_string(std::random_device{}()) + ".gguf")) {}
  ~Scratch() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string path() const { return path_.u8string(); }
  void write(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

 private:
  fs::path path_;
};

std::string model_bytes() {
  std::ifstream in(fs::u8path(test::model_path()), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST("gguf: metadata by key and type") {
  open_engine(test::engine_dir());
  const GgufFile file(test::model_path());
  CHECK(file.string("general.architecture") == "llama");
  CHECK(file.integer("llama.block_count") > 0);
  CHECK(!file.floats("argsearch.reward.head.weight").empty());
  CHECK(file.find("no.such.key") == -1);
  CHECK(file.string("no.such.key").empty() && file.integer("no.such.key") == -1);
  CHECK(file.string("llama.block_count").empty());
  CHECK(file.integer("general.architecture") == -1);
  CHECK(file.boolean("no.such.key", true) && !file.boolean("no.such.key", false));
  CHECK(file.boolean("general.architecture", true));
  CHECK_FAILS(file.floats("general.architecture"), ErrorCode::kModelInvalid);
  CHECK_FAILS(file.strings("argsearch.reward.head.weight"), ErrorCode::kModelInvalid);
}

TEST("gguf: what is no GGUF, or not all of one, is told apart") {
  open_engine(test::engine_dir());
  const Scratch scratch;
  CHECK_FAILS(GgufFile(scratch.path()), ErrorCode::kFileNotFound);
  CHECK_FAILS(GgufFile(fs::temp_directory_path().u8string()), ErrorCode::kNotAFile);
  scratch.write("hello");
  CHECK_FAILS(GgufFile(scratch.path()), ErrorCode::kNotGguf);
  scratch.write("");
  CHECK_FAILS(GgufFile(scratch.path()), ErrorCode::kNotGguf);
  const std::string whole = model_bytes();
  for (const size_t length : {size_t{4}, size_t{20}, size_t{1000}, whole.size() / 2, whole.size() - 1}) {
    scratch.write(whole.substr(0, length));
    CHECK_FAILS(GgufFile(scratch.path()), ErrorCode::kModelInvalid);
  }
}

TEST("gguf: a copy has other metadata and the same tensors") {
  open_engine(test::engine_dir());
  const Scratch scratch;
  rewrite_gguf(test::model_path(), scratch.path(),
               {{"test.text", std::string("so")}, {"test.numbers", std::vector<float>{1, 2}}}, {"general.name"},
               [] { return true; });
  const GgufFile copy(scratch.path());
  CHECK(copy.string("test.text") == "so");
  CHECK(copy.floats("test.numbers") == std::vector<float>({1, 2}));
  CHECK(copy.find("general.name") == -1);
  const std::string before = model_bytes();
  std::ifstream in(fs::u8path(scratch.path()), std::ios::binary);
  const std::string after{std::istreambuf_iterator<char>(in), {}};
  const size_t from = engine().gguf_get_data_offset(GgufFile(test::model_path()).context());
  const size_t to = engine().gguf_get_data_offset(copy.context());
  CHECK(before.substr(from) == after.substr(to));
}

TEST("gguf: a copy that is ended early leaves nothing") {
  open_engine(test::engine_dir());
  const Scratch scratch;
  CHECK_FAILS(rewrite_gguf(test::model_path(), scratch.path(), {}, {}, [] { return false; }), ErrorCode::kAborted);
  CHECK(!fs::exists(fs::u8path(scratch.path())));
}

}  // namespace
}  // namespace argsearch
