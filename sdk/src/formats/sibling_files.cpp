#include <algorithm>
#include <filesystem>
#include <system_error>

#include "formats/registry.h"

namespace sotto::formats {
namespace {
namespace fs = std::filesystem;

/// Relative, downwards only, and the same on every system: '\' and drive letters would mean another place on Windows.
bool is_name_below(const std::string& name) {
  if (name.empty() || name.find_first_of(std::string("\\:\0", 3)) != name.npos) return false;
  size_t begin = 0;
  while (begin <= name.size()) {
    const size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = std::string_view(name).substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace

Status check_sibling_name(const std::string& name) {
  if (is_name_below(name)) return {};
  const std::string shown = name.substr(0, 256);
  return Error{ErrorCode::invalid_argument, "a file of a model must have a name below the model's folder: " + json_quote(shown),
               shown};
}

SiblingOpener folder_opener(std::string folder, FileAccess access) {
  if (folder.empty()) folder = ".";
  return [folder = std::move(folder), access](const std::string& name) -> Result<std::shared_ptr<const ByteSource>> {
    SOTTO_TRY(check_sibling_name(name));
    const fs::path path = fs::path(folder) / name;
    std::error_code failed;
    const fs::path real_folder = fs::canonical(folder, failed);
    const fs::path real_path = failed ? fs::path() : fs::canonical(path, failed);
    if (failed) return Error{ErrorCode::not_found, "cannot find the file: " + failed.message(), path.string()};
    const auto parted = std::mismatch(real_folder.begin(), real_folder.end(), real_path.begin(), real_path.end());
    if (parted.first != real_folder.end())
      return Error{ErrorCode::invalid_argument, "the file is a link that leads out of the model's folder", path.string()};
    return open_file(path.string(), access);
  };
}

}  // namespace sotto::formats
