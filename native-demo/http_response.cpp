#include "http_response.h"

#include <cctype>
#include <charconv>

namespace sotto::cli {
namespace {

constexpr long kOk = 200, kUnauthorized = 401, kForbidden = 403, kNotFound = 404;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::optional<uint64_t> to_u64(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string normalized(std::string_view text) {
  std::string out(trimmed(text));
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

void HttpResponse::read_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    std::string hash = std::move(linked_hash);
    *this = {};
    linked_hash = std::move(hash);
    if (const size_t blank = line.find(' '); blank != std::string_view::npos)
      status = static_cast<long>(to_u64(line.substr(blank + 1, 3)).value_or(0));
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = normalized(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "content-type") type = normalized(value);
  if (name == "content-length") length = to_u64(value);
  if (name == "content-range") range = normalized(value);
  if (name == "etag") etag = value;
  if (name == "x-linked-etag" && value.size() == 66) linked_hash = normalized(value.substr(1, 64));
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
  const size_t dash = text.find('-'), slash = text.find('/');
  if (!text.starts_with("bytes ") || dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return {};
  const auto first = to_u64(text.substr(6, dash - 6)), last = to_u64(text.substr(dash + 1, slash - dash - 1)),
             total = to_u64(text.substr(slash + 1));
  if (!first || !last || !total || *first > *last || *last + 1 != *total) return {};
  return ContentRange{*first, *total};
}

Status check_status(long status, const std::string& url) {
  if (status == kOk || status == kHttpPartial) return {};
  if (status == kNotFound) return Error{ErrorCode::not_found, "the server has no such file (404)", url};
  if (status == kUnauthorized || status == kForbidden)
    return Error{ErrorCode::io_error, "the server wants a permission for this file (" + std::to_string(status) + ")", url};
  return Error{ErrorCode::io_error, "the server answered with status " + std::to_string(status), url};
}

}  // namespace sotto::cli
