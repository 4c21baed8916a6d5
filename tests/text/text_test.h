// What the tests of tokenizers share: opening by path or from texts in memory, and comparisons that say where ids part.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "formats/registry.h"
#include "support/anchors.h"
#include "text/make_tokenizer.h"

namespace sotto::test {

using Ids = std::vector<TokenId>;

inline Tokenizer open_tokenizer(const std::string& path) {
  auto tokenizer = Tokenizer::open(path);
  EXPECT_TRUE(tokenizer) << path << ": " << tokenizer.error().message << " (" << tokenizer.error().where << ")";
  return tokenizer ? *tokenizer : Tokenizer(nullptr);
}

/// The files of a Hugging Face folder that tokenizers are made from, as texts; empty ones are not there.
struct FolderTexts {
  std::string tokenizer{};
  std::string config{};
  std::string special_tokens_map{};
  std::string generation_config{};
};

inline Result<Tokenizer> tokenizer_of(const FolderTexts& texts, const text::TokenizerChoices& choices = {}) {
  formats::ModelFile file;
  file.naming = formats::Naming::hugging_face;
  file.hugging_face.tokenizer_json = texts.tokenizer;
  file.hugging_face.tokenizer_config_json = texts.config;
  file.hugging_face.special_tokens_map_json = texts.special_tokens_map;
  file.hugging_face.generation_config_json = texts.generation_config;
  return text::make_tokenizer(file, choices);
}

inline Ids encode(const Tokenizer& tokenizer, std::string_view text, const EncodeOptions& options = {.add_special = false}) {
  const auto ids = tokenizer.encode(text, options);
  EXPECT_TRUE(ids) << ids.error().message;
  return ids ? *ids : Ids{-1};
}

inline std::string decode(const Tokenizer& tokenizer, const Ids& ids, const DecodeOptions& options = {}) {
  const auto text = tokenizer.decode(ids, options);
  EXPECT_TRUE(text) << text.error().message;
  return text ? *text : "(error)";
}

/// Where two lists of ids part, with the pieces there; empty when they are equal.
inline std::string difference(const Tokenizer& tokenizer, const Ids& got, const Ids& wanted) {
  const auto [a, b] = std::mismatch(got.begin(), got.end(), wanted.begin(), wanted.end());
  if (a == got.end() && b == wanted.end()) return {};
  const auto show = [&](Ids::const_iterator at, const Ids& ids) {
    std::string text = std::to_string(ids.size()) + " ids, then";
    for (int n = 0; n < 4 && at != ids.end(); ++n, ++at)
      text += " " + std::to_string(*at) + " '" + std::string(tokenizer.piece(*at)) + "'";
    return text;
  };
  return "at " + std::to_string(a - got.begin()) + " got " + show(a, got) + "; wanted " + show(b, wanted);
}

}  // namespace sotto::test
