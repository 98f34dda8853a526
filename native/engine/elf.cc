#include "engine/elf.h"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <vector>

#include "error.h"
#include "input_file.h"

namespace argsearch {
namespace {

namespace fs = std::filesystem;

/// Where elf(5) has its fields, for one width of addresses.
struct Layout {
  size_t word;  // bytes of an offset or a size
  size_t header;
  size_t phoff, shoff, phentsize, phnum, shentsize, shnum;
  size_t program_header, p_offset, p_filesz;
};

constexpr Layout k32{4, 52, 28, 32, 42, 44, 46, 48, 32, 4, 16};
constexpr Layout k64{8, 64, 32, 40, 54, 56, 58, 60, 56, 8, 32};

uint64_t little_endian(const char* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

bool fits(uint64_t offset, uint64_t size, uint64_t whole) { return offset <= whole && size <= whole - offset; }

bool is_whole(InputFile& file, const Layout& layout, uint64_t size) {
  char header[64] = {};
  if (!file.seek(0) || !file.read_all(header, layout.header)) return false;
  const auto half = [&](size_t at) { return little_endian(header + at, 2); };
  const uint64_t sections = little_endian(header + layout.shoff, layout.word);
  if (!fits(sections, half(layout.shentsize) * half(layout.shnum), size)) return false;

  const uint64_t offset = little_endian(header + layout.phoff, layout.word);
  const size_t entry = half(layout.phentsize);
  std::vector<char> table(entry * half(layout.phnum));
  if (!fits(offset, table.size(), size)) return false;
  if (entry < layout.program_header) return true;  // no program header: the loader's to refuse
  if (!file.seek(offset) || !file.read_all(table.data(), table.size())) return false;
  for (size_t at = 0; at < table.size(); at += entry) {
    const uint64_t segment = little_endian(&table[at + layout.p_offset], layout.word);
    if (!fits(segment, little_endian(&table[at + layout.p_filesz], layout.word), size)) return false;
  }
  return true;
}

}  // namespace

bool is_cut_short(const std::string& path) {
  std::error_code ec;
  const uint64_t size = fs::file_size(fs::u8path(path), ec);
  InputFile file(path);
  char magic[6] = {};  // the last two: the width of addresses, the order of bytes
  if (ec || !file.is_open() || !file.read_all(magic, sizeof magic)) return false;
  if (std::memcmp(magic, "\177ELF", 4) != 0 || magic[5] != 1) return false;
  if (magic[4] != 1 && magic[4] != 2) return false;
  return !is_whole(file, magic[4] == 1 ? k32 : k64, size);
}

void require_whole(const std::string& path) {
  if (is_cut_short(path)) throw Error(ErrorCode::kEngineIncompatible, path + " is cut short: install it again.");
}

}  // namespace argsearch
