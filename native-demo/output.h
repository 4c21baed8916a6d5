// Where things are printed: results to stdout and nothing else there; warnings, progress and errors to stderr.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "command.h"

namespace sotto::cli {

using Json = nlohmann::ordered_json;

/// To stdout, at once. Errors: io_error, for example when its reader has gone.
Status print(std::string_view text);
/// Text that is no UTF-8 comes out with U+FFFD, numbers that are not finite as null.
Status print_json(const Json& object);
/// Of a text that is known to be JSON. One translation unit has the parser.
Json parse_json(const std::string& text);

void warn(const CommonOptions& common, std::string_view text);
/// "error: <code>: <sentence>"
void print_error(const Error& error);

/// "98.4 MB"
std::string readable_bytes(uint64_t bytes);
std::string fixed(double value, int decimals);

/// One line on a terminal that counts up, and is gone at the end.
class Progress {
 public:
  Progress(std::string label, const CommonOptions& common);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `total` 0: not known. `note` follows the numbers.
  void update(uint64_t done, uint64_t total, std::string_view note = {});

 private:
  std::string label_;
  bool shown_;
  uint64_t last_ = UINT64_MAX;  // what was drawn: percent, or MiB
};

}  // namespace sotto::cli
