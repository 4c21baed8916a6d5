#include "text/json_slices.h"

#include <algorithm>

#include "formats/json.h"

namespace sotto::text {
namespace {

constexpr std::string_view kJsonSpace = " \t\r\n";

class Scanner {
 public:
  Scanner(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  Result<std::vector<JsonSlice>> run() {
    std::vector<JsonSlice> slices;
    skip_space();
    const bool object = take('{');
    if (!object && !take('[')) return wrong("an object or an array");
    const char close = object ? '}' : ']';
    skip_space();
    if (!take(close)) {
      do {
        JsonSlice slice;
        if (object) {
          SOTTO_ASSIGN(slice.name, name());
        }
        skip_space();
        const size_t start = at_;
        skip_value();
        if (at_ == start) return wrong("a value");
        slice.value = text_.substr(start, at_ - start);
        slices.push_back(std::move(slice));
        skip_space();
      } while (take(','));
      if (!take(close)) return wrong(object ? "',' or '}'" : "',' or ']'");
    }
    skip_space();
    if (at_ < text_.size()) return wrong("the end");
    return slices;
  }

 private:
  bool take(char c) noexcept {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_space() noexcept { at_ = std::min(text_.find_first_not_of(kJsonSpace, at_), text_.size()); }

  /// From one quote to behind the next that is not escaped.
  void skip_string() noexcept {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    at_ = std::min(at_ + 1, text_.size());
  }

  /// By quotes and brackets alone.
  void skip_value() noexcept {
    size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        skip_string();
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (depth == 0) {  // a number or a word
        at_ = std::min(text_.find_first_of(",}] \t\r\n", at_), text_.size());
      } else {
        depth -= c == '}' || c == ']';
        ++at_;
      }
      if (depth == 0) return;
    }
  }

  Result<std::string> name() {
    skip_space();
    const size_t start = at_;
    if (start == text_.size() || text_[start] != '"') return wrong("a name");
    skip_string();
    SOTTO_ASSIGN(const formats::Json name, formats::Json::parse(text_.substr(start, at_ - start), where_));
    skip_space();
    if (!take(':')) return wrong("':'");
    return *name.as_string();
  }

  Error wrong(std::string_view wanted) const {
    return {ErrorCode::bad_model, "no JSON at byte " + std::to_string(at_) + ", wanted: " + std::string(wanted),
            std::string(where_)};
  }

  std::string_view text_, where_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<JsonSlice>> json_slices(std::string_view text, std::string_view where) {
  return Scanner(text, where).run();
}

}  // namespace sotto::text
