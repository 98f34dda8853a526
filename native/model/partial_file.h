#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace argsearch {

/// A file that grows under another name beside its own, and gets that only when it is whole and on disk. One that does
/// not come so far is removed.
class PartialFile {
 public:
  /// `path` is UTF-8; what links lead to is what will be replaced. FILE_UNWRITABLE, also where a folder or a device is.
  explicit PartialFile(const std::string& path);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  /// FILE_UNWRITABLE.
  void write(const char* data, size_t size);
  /// Nothing more comes. FILE_UNWRITABLE.
  void finish();

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  [[noreturn]] void fail(const std::string& why) const;
  [[noreturn]] void fail_with_errno() const;

  std::string path_;
  std::filesystem::path final_;
  std::filesystem::path partial_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  bool finished_ = false;
};

}  // namespace argsearch
