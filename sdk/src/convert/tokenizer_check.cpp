#include "convert/tokenizer_check.h"

#include <algorithm>

#include "formats/json.h"

namespace sotto::convert {
namespace {

constexpr EncodeOptions kWithSpecials{.add_special = true, .parse_special = true};
constexpr size_t kMaxQuotedBytes = 128;
constexpr size_t kTextsAtOnce = 1024;

bool same_ids(const Tokenizer& a, const Tokenizer& b, std::string_view text) {
  const auto x = a.encode(text, kWithSpecials), y = b.encode(text, kWithSpecials);
  return x && y ? *x == *y : !x && !y;
}

}  // namespace

Status check_same_ids(const Tokenizer& original, const Tokenizer& written, const RunControl& control) {
  const size_t n = std::min(original.vocab_size(), written.vocab_size());
  uint64_t random = 1;
  const auto any_id = [&] {
    random = random * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX generator: the same texts everywhere
    return static_cast<TokenId>((random >> 33) % n);
  };
  for (size_t i = 0; i < n; ++i) {
    if (i % kTextsAtOnce == 0) SOTTO_TRY(control.check());
    const TokenId ids[] = {any_id(), static_cast<TokenId>(i), any_id()};
    SOTTO_ASSIGN(const std::string text, written.decode(ids, {.continues = true}));
    if (same_ids(original, written, text)) continue;
    return Error{
        ErrorCode::unsupported,
        "GGUF cannot hold this tokenizer: it would encode " + formats::json_quote(text.substr(0, kMaxQuotedBytes)) + " differently",
        "tokenizer.json"};
  }
  return {};
}

}  // namespace sotto::convert
