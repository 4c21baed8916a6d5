#include "output.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace sotto::cli {
namespace {

constexpr char kEraseLine[] = "\r\x1b[K";

}  // namespace

Status print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return {};
  return Error{ErrorCode::io_error, std::string("the output cannot be written: ") + std::strerror(errno), "stdout"};
}

Status print_json(const Json& object) {
  return print(object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Json parse_json(const std::string& text) {
  return Json::parse(text);
}

void warn(const CommonOptions& common, std::string_view text) {
  if (!common.quiet) std::fprintf(stderr, "warning: %.*s\n", static_cast<int>(text.size()), text.data());
}

void print_error(const Error& error) {
  std::string text = "error: " + std::string(to_string(error.code)) + ": " + error.message;
  if (!error.where.empty() && error.message.find(error.where) == std::string::npos) text += " (" + error.where + ")";
  std::fprintf(stderr, "%s\n", text.c_str());
}

std::string fixed(double value, int decimals) {
  std::array<char, 400> text{};  // the longest double has 309 digits in front of the point
  return std::string(text.data(), static_cast<size_t>(std::snprintf(text.data(), text.size(), "%.*f", decimals, value)));
}

std::string readable_bytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1000 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  return fixed(value, unit == 0 ? 0 : 1) + " " + kUnits[unit];
}

Progress::Progress(std::string label, const CommonOptions& common)
    : label_(std::move(label)), shown_(!common.quiet && isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (shown_) std::fputs(kEraseLine, stderr);
}

void Progress::update(uint64_t done, uint64_t total, std::string_view note) {
  if (!shown_) return;
  const uint64_t now = total ? static_cast<uint64_t>(100.0 * static_cast<double>(done) / static_cast<double>(total)) : done >> 20;
  if (now == last_) return;
  last_ = now;
  const std::string amount = total ? std::to_string(now) + " %" : readable_bytes(done);
  std::fprintf(stderr, "%s%s %s %.*s", kEraseLine, label_.c_str(), amount.c_str(), static_cast<int>(note.size()), note.data());
}

}  // namespace sotto::cli
