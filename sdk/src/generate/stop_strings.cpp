#include "generate/stop_strings.h"

#include <algorithm>
#include <utility>

namespace sotto::generate {

// Knuth, Morris and Pratt: the state of each stop string moves with every byte, so time is bytes x stop strings, whatever they are.
StopStrings::StopStrings(const std::vector<std::string>& stops) {
  for (const std::string& text : stops) {
    if (text.empty()) continue;
    std::vector<size_t> borders(text.size() + 1, 0);
    for (size_t n = 2; n <= text.size(); ++n) {
      size_t border = borders[n - 1];
      while (border > 0 && text[border] != text[n - 1]) border = borders[border];
      borders[n] = text[border] == text[n - 1] ? border + 1 : 0;
    }
    stops_.push_back({text, std::move(borders)});
  }
}

const std::string* StopStrings::feed(std::string_view text, std::string& out) {
  for (const char c : text) {
    held_.push_back(c);
    const Stop* found = nullptr;
    for (Stop& stop : stops_) {
      while (stop.matched > 0 && stop.text[stop.matched] != c) stop.matched = stop.borders[stop.matched];
      if (stop.text[stop.matched] == c) ++stop.matched;
      if (stop.matched == stop.text.size() && (!found || stop.matched > found->matched)) found = &stop;
    }
    if (!found) continue;
    out.append(held_, 0, held_.size() - found->text.size());
    held_.clear();
    return &found->text;
  }
  size_t kept = 0;
  for (const Stop& stop : stops_) kept = std::max(kept, stop.matched);
  out.append(held_, 0, held_.size() - kept);
  held_.erase(0, held_.size() - kept);
  return nullptr;
}

std::string StopStrings::flush() {
  return std::exchange(held_, {});
}

}  // namespace sotto::generate
