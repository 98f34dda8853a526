#include "model/partial_file.h"

#include <cerrno>
#include <cstring>
#include <random>
#include <system_error>

#include "error.h"

#ifdef _WIN32
#include <io.h>
#include <process.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

namespace argsearch {
namespace {

namespace fs = std::filesystem;

#ifdef _WIN32

int process_id() { return _getpid(); }
std::FILE* open_new(const fs::path& path) { return _wfopen(path.c_str(), L"wbx"); }
bool flush_to_disk(std::FILE* file) { return std::fflush(file) == 0 && _commit(_fileno(file)) == 0; }
void flush_directory(const fs::path&) {}

#else

int process_id() { return getpid(); }
std::FILE* open_new(const fs::path& path) { return std::fopen(path.c_str(), "wbx"); }

bool flush_to_disk(std::FILE* file) {
  if (std::fflush(file) != 0) return false;
#ifdef F_FULLFSYNC  // macOS's fsync() stops at the drive's own cache
  if (fcntl(fileno(file), F_FULLFSYNC) == 0) return true;
#endif
  return fsync(fileno(file)) == 0;
}

/// A move survives a power cut only with its directory. Not every file system can do it, and the file itself is safe.
void flush_directory(const fs::path& directory) {
  const int descriptor = open(directory.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  static_cast<void>(fsync(descriptor));
  close(descriptor);
}

#endif

fs::path temporary_name(const fs::path& path) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::random_device random;
  std::string suffix = "." + std::to_string(process_id()) + "-";
  for (int i = 0; i < 8; ++i) suffix += kDigits[random() % 16];
  fs::path name = path;
  name += suffix + ".tmp";
  return name;
}

/// Where symbolic links lead in the end, whether there is something or not; a link where they lead nowhere.
fs::path behind_links(fs::path path) {
  constexpr int kMostLinks = 40;
  std::error_code ec;
  for (int i = 0; i < kMostLinks && fs::is_symlink(fs::symlink_status(path, ec)); ++i) {
    const fs::path target = fs::read_symlink(path, ec);
    if (ec) break;
    path = path.parent_path() / target;
  }
  return path;
}

}  // namespace

PartialFile::PartialFile(const std::string& path)
    : path_(path), final_(behind_links(fs::u8path(path))), partial_(temporary_name(final_)) {
  std::error_code ec;
  const fs::file_status status = fs::status(final_, ec);
  if (fs::is_symlink(fs::symlink_status(final_, ec))) fail("its symbolic links lead in a circle");
  if (fs::is_directory(status)) fail("it is a directory; name a file in it");
  if (fs::exists(status) && !fs::is_regular_file(status)) fail("it is not an ordinary file");
  errno = 0;
  file_.reset(open_new(partial_));
  if (!file_) fail_with_errno();
}

PartialFile::~PartialFile() {
  if (finished_) return;
  file_.reset();
  std::error_code ignored;
  fs::remove(partial_, ignored);
}

void PartialFile::write(const char* data, size_t size) {
  if (size == 0) return;  // an empty vector's data may be null, which fwrite() must not be given
  errno = 0;
  if (std::fwrite(data, 1, size, file_.get()) != size) fail_with_errno();
}

void PartialFile::finish() {
  errno = 0;
  if (!flush_to_disk(file_.get())) fail_with_errno();
  if (std::fclose(file_.release()) != 0) fail_with_errno();
  std::error_code ec;
  fs::rename(partial_, final_, ec);
  if (ec) fail(ec.message());
  finished_ = true;
  flush_directory(final_.has_parent_path() ? final_.parent_path() : fs::path("."));
}

void PartialFile::fail(const std::string& why) const {
  throw Error(ErrorCode::kFileUnwritable, "cannot write " + path_ + ": " + why);
}

void PartialFile::fail_with_errno() const {
  const int reason = errno;
  fail(reason != 0 ? std::strerror(reason) : "unknown reason");
}

}  // namespace argsearch
