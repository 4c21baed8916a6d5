#include "pull.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "catalogue.h"
#include "http.h"
#include "hub_name.h"
#include "sha256.h"
#include "sotto/byte_source.h"

namespace sotto::cli {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMaxListingBytes = size_t{8} << 20;

bool is_url(std::string_view model) {
  return model.starts_with("http://") || model.starts_with("https://");
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string models_folder(const std::string& cache_folder) {
  return cache_folder + "/models/";
}

/// Different addresses may end in the same file name.
std::string path_of_url(std::string_view url, const std::string& cache_folder) {
  const std::string hash = sha256_hex(std::as_bytes(std::span(url))).substr(0, 12);
  std::string_view name = url.substr(0, url.find_first_of("?#"));
  name = name.substr(name.rfind('/') + 1);
  std::string file;
  for (const char c : name) file += std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_' ? c : '_';
  if (file.find_first_not_of('.') == std::string::npos) file = "model";
  return models_folder(cache_folder) + "url/" + hash + "-" + file;
}

std::string url_of(const HubName& name, const std::string& file, const std::string& hub) {
  return hub + "/" + name.owner + "/" + name.repo + "/resolve/" + name.revision + "/" + file;
}

Result<std::vector<std::string>> hub_listing(const HubName& name, const PullRequest& request) {
  const std::string url = request.hub + "/api/models/" + name.owner + "/" + name.repo + "/revision/" + name.revision;
  SOTTO_ASSIGN(const std::string text, http_text(url, kMaxListingBytes, request.control));
  const auto listing = nlohmann::json::parse(text, nullptr, false);
  const Error malformed{ErrorCode::io_error, "the hub's list of files cannot be read", url};
  if (!listing.is_object() || !listing.contains("siblings") || !listing["siblings"].is_array()) return malformed;
  std::vector<std::string> files;
  for (const auto& entry : listing["siblings"]) {
    if (!entry.is_object() || !entry.contains("rfilename") || !entry["rfilename"].is_string()) return malformed;
    files.push_back(entry["rfilename"].get<std::string>());
  }
  return files;
}

/// What is loaded of a model's files: the first of a split GGUF, the folder of SafeTensors.
std::string entry_point(const std::string& folder, const std::vector<std::string>& files) {
  return files.front().ends_with(".gguf") ? folder + files.front() : folder.substr(0, folder.size() - 1);
}

Result<bool> is_intact(const std::string& path, const CatalogueEntry& entry, const RunControl& control) {
  if (!exists(path)) return false;
  SOTTO_ASSIGN(const auto file, open_file(path, FileAccess::read));
  if (file->size() != entry.bytes) return false;
  Sha256 hash;
  std::vector<std::byte> chunk(size_t{1} << 20);
  for (uint64_t offset = 0; offset < file->size(); offset += chunk.size()) {
    SOTTO_TRY(control.check());
    const auto part = std::span(chunk).first(static_cast<size_t>(std::min<uint64_t>(chunk.size(), file->size() - offset)));
    SOTTO_TRY(file->read(offset, part));
    hash.update(part);
  }
  return hash.hex() == entry.sha256;
}

Result<std::string> pull_entry(const CatalogueEntry& entry, const PullRequest& request, const PullProgress& progress) {
  const std::string path = models_folder(request.cache_folder) + std::string(entry.file);
  SOTTO_ASSIGN(const bool intact, is_intact(path, entry, request.control));
  if (intact) return path;
  SOTTO_ASSIGN(const HubName name, parse_hub_name(entry.source));
  SOTTO_TRY(http_download({.url = url_of(name, name.file, request.hub),
                           .path = path,
                           .bytes = entry.bytes,
                           .sha256 = std::string(entry.sha256),
                           .control = request.control,
                           .progress = progress}));
  return path;
}

Result<std::string> pull_file(const std::string& url, const std::string& path, const PullRequest& request,
                              const PullProgress& progress) {
  if (!exists(path))
    SOTTO_TRY(
        http_download({.url = url, .path = path, .bytes = 0, .sha256 = {}, .control = request.control, .progress = progress}));
  return path;
}

Result<std::string> pull_from_hub(const HubName& name, const PullRequest& request, const PullProgress& progress) {
  const std::string folder = models_folder(request.cache_folder) + name.folder() + "/";
  std::vector<std::string> files{name.file};
  if (name.file.empty()) {
    SOTTO_ASSIGN(const auto listing, hub_listing(name, request));
    SOTTO_ASSIGN(files, select_model_files(listing, name.quant));
  }
  for (const std::string& file : files) {
    if (auto pulled = pull_file(url_of(name, file, request.hub), folder + file, request, progress); !pulled)
      return std::move(pulled).error();
  }
  return name.file.empty() ? entry_point(folder, files) : folder + name.file;
}

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->is_regular_file(error)) files.push_back(fs::path(it->path()).lexically_relative(folder).generic_string());
  return files;
}

}  // namespace

bool can_pull() noexcept {
  return has_http();
}

Result<std::string> pull_model(const PullRequest& request, const PullProgress& progress) {
  if (const CatalogueEntry* entry = find_in_catalogue(request.model)) return pull_entry(*entry, request, progress);
  if (is_url(request.model)) return pull_file(request.model, path_of_url(request.model, request.cache_folder), request, progress);
  if (!request.model.starts_with("hf:"))
    return Error{ErrorCode::invalid_argument, "'" + request.model + "' is no name of the catalogue, no hf:owner/repo and no URL",
                 "model"};
  SOTTO_ASSIGN(const HubName name, parse_hub_name(request.model));
  return pull_from_hub(name, request, progress);
}

Result<std::string> find_cached(const std::string& model, const std::string& cache_folder) {
  const Error missing{ErrorCode::not_found, "'" + model + "' is not in the cache; get it with: sotto pull " + model, "model"};
  std::string path;
  if (const CatalogueEntry* entry = find_in_catalogue(model)) {
    path = models_folder(cache_folder) + std::string(entry->file);
  } else if (is_url(model)) {
    path = path_of_url(model, cache_folder);
  } else {
    SOTTO_ASSIGN(const HubName name, parse_hub_name(model));
    const std::string folder = models_folder(cache_folder) + name.folder() + "/";
    if (name.file.empty()) {
      const auto files = select_model_files(files_below(folder), name.quant);
      if (!files) return files.error().code == ErrorCode::not_found ? missing : files.error();
      return entry_point(folder, *files);
    }
    path = folder + name.file;
  }
  if (!exists(path)) return missing;
  return path;
}

}  // namespace sotto::cli
