// HTTP for `pull`: a text that is small, or a file that is large, resumed and verified. Redirects are followed, from https to https
// only. Two implementations: http_curl.cpp, and http_none.cpp for builds without libcurl.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sotto/cancel.h"
#include "sotto/result.h"

namespace sotto::cli {

bool has_http() noexcept;

/// The body, of at most `limit_bytes`.
Result<std::string> http_text(const std::string& url, size_t limit_bytes, const RunControl& control);

struct Download {
  std::string url;
  std::string path;    // exists only when it is complete and verified; until then the bytes lie in PATH.part
  uint64_t bytes = 0;  // what it must have; 0: not known
  std::string sha256;  // the same, lower-case hex; empty: the hub's X-Linked-ETag, if it sends one
  RunControl control;
  std::function<void(uint64_t done_bytes, uint64_t total_bytes)> progress;
};

/// Goes on after the bytes of PATH.part where that is safe: the hash is known, or the server says that its file is still the same.
Status http_download(const Download& download);

}  // namespace sotto::cli
