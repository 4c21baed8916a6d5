#include "regular_file.h"

namespace sotto {

// Emscripten's mmap copies the file into memory, so a mapped file would be the dearest form here.
Result<std::shared_ptr<const ByteSource>> open_file(const std::string& path, FileAccess) {
  SOTTO_ASSIGN(RegularFile file, RegularFile::open(path));
  return reading_source(std::move(file));
}

}  // namespace sotto
