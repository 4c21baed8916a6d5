#include "http.h"

namespace sotto::cli {
namespace {
Error no_http() {
  return {ErrorCode::unsupported, "this build of sotto has no HTTP client (libcurl)", "pull"};
}
}  // namespace

bool has_http() noexcept {
  return false;
}
Result<std::string> http_text(const std::string&, size_t, const RunControl&) {
  return no_http();
}
Status http_download(const Download&) {
  return no_http();
}

}  // namespace sotto::cli
