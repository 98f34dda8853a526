#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace argsearch {

/// A file to read bytes of. C's, not a stream of C++: those bring every locale along, a third of an addon that carries
/// its library.
class InputFile {
 public:
  /// `path` is UTF-8. errno says why a file is not open.
  explicit InputFile(const std::string& path) : file_(open(std::filesystem::u8path(path))) {}

  bool is_open() const { return file_ != nullptr; }

  bool seek(uint64_t offset) {
#ifdef _WIN32
    return _fseeki64(file_.get(), static_cast<int64_t>(offset), SEEK_SET) == 0;
#else
    return fseeko(file_.get(), static_cast<off_t>(offset), SEEK_SET) == 0;
#endif
  }

  /// How many bytes were read: fewer at the end, or after a failure.
  size_t read(char* bytes, size_t size) { return std::fread(bytes, 1, size, file_.get()); }

  /// All of them, or none that counts.
  bool read_all(char* bytes, size_t size) { return read(bytes, size) == size; }

  bool failed() const { return std::ferror(file_.get()) != 0; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  static std::FILE* open(const std::filesystem::path& path) {
#ifdef _WIN32
    return _wfopen(path.c_str(), L"rb");
#else
    return std::fopen(path.c_str(), "rb");
#endif
  }

  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace argsearch
