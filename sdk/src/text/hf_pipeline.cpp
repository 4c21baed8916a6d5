// https://huggingface.co/docs/tokenizers/components says what the parts do; their fields: the Rust sources of that library.
#include "text/hf_pipeline.h"

#include <algorithm>

#include "formats/hf_folder.h"
#include "text/pretokenizers.h"

namespace sotto::text {
namespace {

using formats::Json;
using formats::json_quote;
using formats::Metadata;

constexpr char kBlankMark[] = "\u2581";
constexpr size_t kMaxParts = 64;
constexpr size_t kMaxInserted = 256;  // bytes put in front of a text, or in place of a pattern
constexpr size_t kMaxGrowth = 16;     // times as long as it was a text may become

struct Context {
  Tokenizer::Impl& impl;
  TokenizerChoices choices{};
  size_t growth = 1;
};

struct Part {
  std::string_view type;
  Status (*read)(const Metadata&, Context&);
};

Error unsupported(const Metadata& part, std::string_view what, std::string_view value) {
  return {ErrorCode::unsupported,
          std::string(what) + " " + json_quote(value.substr(0, 256)) + " of " + part.source() + " is not supported", part.source()};
}

Error malformed(const Metadata& part, const std::string& sentence) {
  return {ErrorCode::bad_model, sentence, part.source()};
}

Result<bool> boolean(const Metadata& part, std::string_view key, bool absent) {
  return part.has(key) ? part.boolean(key) : Result<bool>(absent);
}

/// The string of `key`, which must be one of `known`.
Status expect(const Metadata& part, std::string_view key, std::initializer_list<std::string_view> known) {
  SOTTO_ASSIGN(const std::string value, part.string(key));
  if (std::find(known.begin(), known.end(), value) != known.end()) return {};
  return unsupported(part, "'" + std::string(key) + "'", value);
}

/// Reads the parts of a section in their order, those of nested sequences, too.
Status read_section(std::string_view text, const char* section, const char* list, std::span<const Part> known, Context& context) {
  const std::string source = "tokenizer.json: " + std::string(section);
  if (text.empty()) return {};
  SOTTO_ASSIGN(const Json root, Json::parse(text, source));
  if (root.is_null()) return {};
  std::vector<const Json*> open{&root};
  for (size_t n = 0; !open.empty(); ++n) {
    const Json& json = *open.back();
    open.pop_back();
    Metadata part(source);
    if (n == kMaxParts) return malformed(part, source + " has more than " + std::to_string(kMaxParts) + " parts");
    SOTTO_TRY(formats::flatten(json, part));
    SOTTO_ASSIGN(const std::string type, part.string("type"));
    if (type == "Sequence") {
      const Json* items = json.find(list);
      if (!items || !items->as_array())
        return malformed(part, "'" + std::string(list) + "' in " + source + " is " +
                                   std::string(items ? items->kind() : "missing") + ", wanted: an array");
      for (size_t i = items->as_array()->size(); i-- > 0;) open.push_back(&(*items->as_array())[i]);
      continue;
    }
    const auto row = std::find_if(known.begin(), known.end(), [&](const Part& p) { return p.type == type; });
    if (row == known.end()) return unsupported(part, "the part", type);
    SOTTO_TRY(row->read(part, context));
  }
  return {};
}

/// Nothing to do: what the part does shows nowhere, or is done in any case.
Status read_nothing(const Metadata&, Context&) {
  return {};
}

/// Keeps hostile files from making a long text of a short one.
Status grow(const Metadata& part, size_t times, Context& context) {
  context.growth *= times;
  if (context.growth <= kMaxGrowth) return {};
  return malformed(part,
                   "the steps of " + part.source() + " can make a text more than " + std::to_string(kMaxGrowth) + " times longer");
}

Result<std::string> inserted(const Metadata& part, std::string_view key) {
  SOTTO_ASSIGN(std::string text, part.string(key));
  if (text.size() <= kMaxInserted) return text;
  return malformed(part, "'" + std::string(key) + "' in " + part.source() + " has " + std::to_string(text.size()) +
                             " bytes, wanted: at most " + std::to_string(kMaxInserted));
}

// Normalizers.

Status read_nfc(const Metadata& part, Context& context) {
  context.impl.normalizer.steps.push_back({NormalizerStep::Kind::nfc});
  return grow(part, 3, context);
}

Status read_replace(const Metadata& part, Context& context) {
  if (part.has("pattern.Regex")) {
    SOTTO_ASSIGN(const std::string pattern, part.string("pattern.Regex"));
    return unsupported(part, "replacing the pattern", pattern);
  }
  SOTTO_ASSIGN(const std::string from, part.string("pattern.String"));
  SOTTO_ASSIGN(const std::string to, inserted(part, "content"));
  if (from.empty()) return malformed(part, "'pattern.String' in " + part.source() + " is empty");
  context.impl.normalizer.steps.push_back({.kind = NormalizerStep::Kind::replace, .from = from, .to = to});
  return grow(part, std::max<size_t>(1, (to.size() + from.size() - 1) / from.size()), context);
}

Status read_prepend(const Metadata& part, Context& context) {
  SOTTO_ASSIGN(const std::string to, inserted(part, "prepend"));
  context.impl.normalizer.steps.push_back({.kind = NormalizerStep::Kind::prepend, .to = to});
  return {};
}

constexpr Part kNormalizers[] = {{"NFC", read_nfc}, {"Replace", read_replace}, {"Prepend", read_prepend}};

// Pre-tokenizers. Those that follow ByteLevel see the text here, not its spelling: the same for what published files put there,
// which looks for ASCII.

/// Marks are put into whole texts, not into the words that earlier rules have cut.
Status expect_first(const Metadata& part, const Context& context) {
  if (context.impl.rules.empty()) return {};
  return Error{ErrorCode::unsupported,
               "a part of " + part.source() + " that adds blanks is not supported behind one that cuts words", part.source()};
}

Status read_byte_level(const Metadata& part, Context& context) {
  SOTTO_ASSIGN(const bool add_prefix_space, boolean(part, "add_prefix_space", true));
  SOTTO_ASSIGN(const bool use_regex, boolean(part, "use_regex", true));
  context.impl.byte_level = true;
  if (add_prefix_space) {
    SOTTO_TRY(expect_first(part, context));
    context.impl.marks.steps.push_back({.kind = NormalizerStep::Kind::prepend_missing, .to = " "});
  }
  if (use_regex) context.impl.rules.push_back(kGpt2Words);
  return {};
}

Status read_split(const Metadata& part, Context& context) {
  SOTTO_ASSIGN(const bool invert, boolean(part, "invert", false));
  const bool literal = part.has("pattern.String");
  SOTTO_ASSIGN(const std::string pattern, part.string(literal ? "pattern.String" : "pattern.Regex"));
  if (literal) {  // Gemma cuts at blanks, of which its normalizer leaves none
    const auto& steps = context.impl.normalizer.steps;
    const auto step = std::find_if(steps.begin(), steps.end(), [&](const NormalizerStep& s) { return s.from == pattern; });
    const bool absent = step != steps.end() && std::none_of(step, steps.end(), [&](const NormalizerStep& s) {
                          return s.to.find(pattern) != std::string::npos;
                        });
    return absent ? Status() : unsupported(part, "cutting at the text", pattern);
  }
  const SplitRule* rule = find_split_pattern(pattern);
  if (!rule) {
    if (!context.choices.guess_pre_tokenizer) return unsupported(part, "the pattern", pattern);
    context.impl.warnings.push_back("the pattern " + json_quote(pattern) + " of " + part.source() +
                                    " is not known; words are cut as by GPT-2, and ids may differ from what the model learned");
    rule = &kGpt2Words;
  }
  // Matches are kept and what is between them is dropped; patterns of words leave nothing between.
  const bool removed_gaps = invert && rule->kind == SplitRule::Kind::word && rule->word.max_digits > 0;
  SOTTO_TRY(removed_gaps ? expect(part, "behavior", {"Removed", "Isolated"}) : expect(part, "behavior", {"Isolated"}));
  context.impl.rules.push_back(*rule);
  return {};
}

Status read_digits(const Metadata& part, Context& context) {
  SOTTO_ASSIGN(const bool individual, boolean(part, "individual_digits", false));
  context.impl.rules.push_back(individual ? kSingleDigits : kDigitRuns);
  return {};
}

Status read_punctuation(const Metadata& part, Context& context) {
  if (part.has("behavior")) SOTTO_TRY(expect(part, "behavior", {"Isolated", "Contiguous"}));
  const bool contiguous = part.has("behavior") && *part.string("behavior") == "Contiguous";
  context.impl.rules.push_back(contiguous ? kPunctuationRuns : kSinglePunctuation);
  return {};
}

/// Whether Metaspace puts a mark in front of a text, and of which: "always", "first", "never".
Result<std::string> prepend_scheme(const Metadata& part) {
  if (part.has("prepend_scheme")) {
    SOTTO_TRY(expect(part, "prepend_scheme", {"always", "first", "never"}));
    return part.string("prepend_scheme");
  }
  SOTTO_ASSIGN(const bool add_prefix_space, boolean(part, "add_prefix_space", true));
  return std::string(add_prefix_space ? "always" : "never");
}

Status read_metaspace(const Metadata& part, Context& context) {
  SOTTO_TRY(expect(part, "replacement", {kBlankMark}));
  SOTTO_TRY(expect_first(part, context));
  SOTTO_ASSIGN(const std::string scheme, prepend_scheme(part));
  SOTTO_ASSIGN(const bool cut, boolean(part, "split", true));
  auto& steps = context.impl.marks.steps;
  steps.push_back({.kind = NormalizerStep::Kind::replace, .from = " ", .to = kBlankMark});
  if (scheme == "always") steps.push_back({.kind = NormalizerStep::Kind::prepend_missing, .to = kBlankMark});
  if (scheme == "first") steps.push_back({.kind = NormalizerStep::Kind::prepend_first, .to = kBlankMark});
  if (cut) context.impl.rules.push_back(kMarkedWords);
  return {};
}

constexpr Part kPreTokenizers[] = {{"ByteLevel", read_byte_level},
                                   {"Split", read_split},
                                   {"Digits", read_digits},
                                   {"Punctuation", read_punctuation},
                                   {"Metaspace", read_metaspace}};

// Post-processors.

Status add_ids(const Metadata& part, const std::string& key, std::span<const int64_t> ids, const Vocab& vocab,
               std::vector<TokenId>& out) {
  for (const int64_t id : ids) {
    if (!vocab.contains(id))
      return malformed(part, "'" + key + "' in " + part.source() + " has the id " + std::to_string(id) +
                                 ", wanted: one from 0 to " + std::to_string(vocab.size() - 1));
    out.push_back(static_cast<TokenId>(id));
  }
  return {};
}

/// What a part adds is around what those before it added.
void surround(const std::vector<TokenId>& before, const std::vector<TokenId>& after, Tokenizer::Impl& impl) {
  impl.prefix.insert(impl.prefix.begin(), before.begin(), before.end());
  impl.suffix.insert(impl.suffix.end(), after.begin(), after.end());
}

Status read_template(const Metadata& part, Context& context) {
  const formats::MetaValue* value = part.find("single");
  const Json* single = value ? std::get_if<Json>(value) : nullptr;
  if (!single || !single->as_array()) return malformed(part, "'single' in " + part.source() + " is no array of objects");
  std::vector<TokenId> before, after;
  bool seen_text = false;
  for (const Json& json : *single->as_array()) {
    Metadata item(part.source());
    SOTTO_TRY(formats::flatten(json, item));
    if (item.has("Sequence.id")) {
      SOTTO_TRY(expect(item, "Sequence.id", {"A"}));
      if (seen_text) return malformed(part, "'single' in " + part.source() + " has the text twice");
      seen_text = true;
      continue;
    }
    SOTTO_ASSIGN(const std::string name, item.string("SpecialToken.id"));
    const std::string key = "special_tokens." + name + ".ids";
    SOTTO_ASSIGN(const auto ids, part.integers(key));
    SOTTO_TRY(add_ids(part, key, ids, context.impl.vocab, seen_text ? after : before));
  }
  if (!seen_text) return malformed(part, "'single' in " + part.source() + " leaves the text out");
  surround(before, after, context.impl);
  return {};
}

/// {"cls": ["<s>", 0], "sep": ["</s>", 2]}: one in front, one behind.
Status read_classic(const Metadata& part, Context& context) {
  std::vector<TokenId> ids[2];
  for (size_t i = 0; const char* key : {"cls", "sep"}) {
    const formats::MetaValue* value = part.find(key);
    const Json* pair = value ? std::get_if<Json>(value) : nullptr;
    if (!pair || !pair->as_array() || pair->as_array()->size() != 2 || !(*pair->as_array())[1].as_int())
      return malformed(part, "'" + std::string(key) + "' in " + part.source() + " is no piece with its id");
    const int64_t id = *(*pair->as_array())[1].as_int();
    SOTTO_TRY(add_ids(part, key, {&id, 1}, context.impl.vocab, ids[i++]));
  }
  surround(ids[0], ids[1], context.impl);
  return {};
}

constexpr Part kPostProcessors[] = {{"TemplateProcessing", read_template},
                                    {"ByteLevel", read_nothing},
                                    {"RobertaProcessing", read_classic},
                                    {"BertProcessing", read_classic}};

// Decoders. Marks become blanks and <0xNN> bytes in any case.

Status read_byte_level_decoder(const Metadata&, Context& context) {
  context.impl.byte_level = true;
  return {};
}

Status read_replace_decoder(const Metadata& part, Context&) {
  SOTTO_TRY(expect(part, "pattern.String", {kBlankMark}));
  return expect(part, "content", {" "});
}

Status read_strip_decoder(const Metadata& part, Context& context) {
  SOTTO_TRY(expect(part, "content", {" "}));
  SOTTO_ASSIGN(const int64_t start, part.integer("start", 0, 1));
  SOTTO_TRY(part.integer("stop", 0, 0));
  context.impl.strips_leading_blank = start == 1;
  return {};
}

Status read_metaspace_decoder(const Metadata& part, Context& context) {
  SOTTO_TRY(expect(part, "replacement", {kBlankMark}));
  SOTTO_ASSIGN(const std::string scheme, prepend_scheme(part));
  context.impl.strips_leading_blank = scheme != "never";
  return {};
}

constexpr Part kDecoders[] = {{"ByteLevel", read_byte_level_decoder}, {"Replace", read_replace_decoder},
                              {"Strip", read_strip_decoder},          {"Metaspace", read_metaspace_decoder},
                              {"ByteFallback", read_nothing},         {"Fuse", read_nothing}};

}  // namespace

Status read_normalizer(std::string_view json, Tokenizer::Impl& impl) {
  Context context{impl};
  return read_section(json, "normalizer", "normalizers", kNormalizers, context);
}
Status read_pre_tokenizer(std::string_view json, const TokenizerChoices& choices, Tokenizer::Impl& impl) {
  Context context{impl, choices};
  return read_section(json, "pre_tokenizer", "pretokenizers", kPreTokenizers, context);
}
Status read_post_processor(std::string_view json, Tokenizer::Impl& impl) {
  Context context{impl};
  return read_section(json, "post_processor", "processors", kPostProcessors, context);
}
Status read_decoder(std::string_view json, Tokenizer::Impl& impl) {
  Context context{impl};
  return read_section(json, "decoder", "decoders", kDecoders, context);
}

}  // namespace sotto::text
