// Names on a model hub: hf:owner/repo[/file][:quant][@revision], and which files of a repository make one model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sotto/result.h"

namespace sotto::cli {

struct HubName {
  std::string owner, repo;
  std::string file;   // path inside the repository; empty: chosen from its listing
  std::string quant;  // part of a GGUF's name, such as "q4_k_m"; letters of either case
  std::string revision = "main";

  /// Folder of the repository below the cache's `models`.
  std::string folder() const;
};

/// Errors: invalid_argument. No part can leave the folder it is joined to: segments are letters, digits and "._+-", none starts
/// with a dot.
Result<HubName> parse_hub_name(std::string_view name);

/// The files of one model among `names` (paths in a repository): the GGUF that `quant` selects, all parts of a split one in order,
/// or else SafeTensors with what lies beside them. Errors: not_found, and invalid_argument with the choices when several fit.
Result<std::vector<std::string>> select_model_files(const std::vector<std::string>& names, std::string_view quant);

}  // namespace sotto::cli
