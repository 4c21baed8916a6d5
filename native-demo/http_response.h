// What the headers of an HTTP response say, as far as a download needs it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sotto/result.h"

namespace sotto::cli {

inline constexpr long kHttpPartial = 206, kHttpRangeNotSatisfiable = 416;

/// Lower case, without blanks around.
std::string normalized(std::string_view text);

/// The headers that matter, of the last response of a chain of redirects.
struct HttpResponse {
  long status = 0;
  std::string type, etag, range;
  std::optional<uint64_t> length;
  std::string linked_hash;  // of any response of the chain: the hub names the hash when it redirects to a storage server

  void read_header(std::string_view line);
  bool is_web_page() const { return type.starts_with("text/html"); }
};

/// "bytes 5-9/10": first, and the size of the whole. Nothing for another form, or a range that does not go to the end.
struct ContentRange {
  uint64_t first = 0, total = 0;
};
std::optional<ContentRange> parse_content_range(std::string_view text);

/// Errors: not_found (404), io_error for other statuses that bring no file.
Status check_status(long status, const std::string& url);

}  // namespace sotto::cli
