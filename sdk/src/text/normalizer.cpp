#include "text/normalizer.h"

#include "text/nfc.h"

namespace sotto::text {
namespace {

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  for (;;) {
    const size_t at = text.find(from);
    out.append(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    out.append(to);
    text.remove_prefix(at + from.size());
  }
}

}  // namespace

std::string_view Normalizer::apply(std::string_view text, bool first, std::string& scratch) const {
  for (const NormalizerStep& step : steps) {
    switch (step.kind) {
      case NormalizerStep::Kind::nfc:
        scratch = to_nfc(text);
        break;
      case NormalizerStep::Kind::replace:
        scratch = replace_all(text, step.from, step.to);
        break;
      case NormalizerStep::Kind::prepend_first:
        if (!first) continue;
        [[fallthrough]];
      case NormalizerStep::Kind::prepend_missing:
        if (text.starts_with(step.to)) continue;
        [[fallthrough]];
      case NormalizerStep::Kind::prepend:
        if (text.empty()) continue;
        scratch = step.to + std::string(text);
        break;
    }
    text = scratch;
  }
  return text;
}

}  // namespace sotto::text
