// pull_model: brings a model from a hub or a web server into the cache. What arrives lies in FILE.part until it is complete and
// verified; a later call goes on where an earlier one broke off.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sotto/cancel.h"
#include "sotto/result.h"

namespace sotto::cli {

inline constexpr std::string_view kDefaultHub = "https://huggingface.co";

struct PullRequest {
  /// A catalogue name, `hf:owner/repo[/file][:quant][@revision]` or an http(s) URL.
  std::string model;
  std::string cache_folder;      // its folder `models` is filled
  std::string hub{kDefaultHub};  // scheme and host that answer for `hf:`; a mirror or a test server
  RunControl control;
};

/// Bytes of the current file that are here, and its size; 0 while that is unknown.
using PullProgress = std::function<void(uint64_t done_bytes, uint64_t total_bytes)>;

/// False when this build has no HTTP client.
bool can_pull() noexcept;

/// Path of the file, or of the folder for a repository of SafeTensors. A file that is there already is not fetched again; one of
/// the catalogue is verified first. Errors: invalid_argument (what `model` names is malformed or ambiguous), not_found (404),
/// io_error (network, disk, refused), bad_model (a web page instead of a model), integrity_error (size or SHA-256 differs),
/// unsupported (no HTTP client), cancelled, deadline_exceeded.
Result<std::string> pull_model(const PullRequest& request, const PullProgress& progress = {});

/// What pull_model brought for `model` earlier, found without network. Errors: not_found, saying how to get it; invalid_argument.
Result<std::string> find_cached(const std::string& model, const std::string& cache_folder);

}  // namespace sotto::cli
