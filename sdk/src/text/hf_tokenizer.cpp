// tokenizer.json and the files beside it. The large parts of tokenizer.json are cut out and parsed one by one (json_slices.h).
#include <algorithm>

#include "formats/hf_folder.h"
#include "text/hf_pipeline.h"
#include "text/json_slices.h"

namespace sotto::text {
namespace {

using formats::Json;
using formats::json_quote;
using formats::Metadata;
using formats::ModelFile;

constexpr char kFile[] = "tokenizer.json";
constexpr char kVocab[] = "tokenizer.json: model.vocab";
constexpr char kMerges[] = "tokenizer.json: model.merges";
constexpr char kAdded[] = "tokenizer.json: added_tokens";
constexpr size_t kMaxUnusedIds = size_t{1} << 16;  // between those that pieces have
constexpr size_t kMergesAtOnce = 4096;             // parsed into one tree

Error malformed(std::string_view where, const std::string& sentence) {
  return {ErrorCode::bad_model, std::string(where) + " " + sentence, std::string(where)};
}

/// Text of the member; empty when there is none.
std::string_view slice_of(const std::vector<JsonSlice>& slices, std::string_view name) {
  const auto found = std::find_if(slices.begin(), slices.end(), [&](const JsonSlice& slice) { return slice.name == name; });
  return found == slices.end() ? std::string_view() : found->value;
}

/// Those members of a JSON text whose names are in `names`, as metadata; nothing of an empty text.
Result<Metadata> fields_of(std::string_view text, const std::string& file, std::initializer_list<std::string_view> names) {
  Metadata fields(file);
  Json::Object wanted;
  if (text.empty()) return fields;
  SOTTO_TRY(Json::parse_members(text, file, [&](std::string name, Json value) -> Status {
    if (std::find(names.begin(), names.end(), name) != names.end()) wanted.emplace_back(std::move(name), std::move(value));
    return {};
  }));
  SOTTO_TRY(formats::flatten(Json(std::move(wanted)), fields));
  return fields;
}

/// What tokenizer.json says of its model beside vocabulary and merges.
struct ModelFields {
  BpeOptions options;
  std::string unknown;  // piece; empty for none
};

Result<ModelFields> read_model_fields(const std::vector<JsonSlice>& model) {
  Json::Object small;
  for (const JsonSlice& slice : model) {
    if (slice.name == "vocab" || slice.name == "merges") continue;
    SOTTO_ASSIGN(Json value, Json::parse(slice.value, kFile));
    small.emplace_back(slice.name, std::move(value));
  }
  Metadata fields("tokenizer.json: model");
  SOTTO_TRY(formats::flatten(Json(std::move(small)), fields));
  // Files of the first years have no type; only BPE has merges.
  std::string type = "BPE";
  if (fields.has("type") || slice_of(model, "merges").empty()) {
    SOTTO_ASSIGN(type, fields.string("type"));
  }
  if (type != "BPE")
    return Error{ErrorCode::unsupported, "the tokenizer model " + json_quote(type) + " of tokenizer.json is not supported",
                 "model.type"};
  for (const std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!fields.has(key)) continue;
    SOTTO_ASSIGN(const std::string affix, fields.string(key));
    if (!affix.empty())
      return Error{ErrorCode::unsupported,
                   "'" + std::string(key) + "' " + json_quote(affix) + " of tokenizer.json is not supported",
                   "model." + std::string(key)};
  }
  ModelFields read;
  for (const auto& [key, flag] : {std::pair<const char*, bool*>{"byte_fallback", &read.options.byte_fallback},
                                  {"ignore_merges", &read.options.ignore_merges},
                                  {"fuse_unk", &read.options.fuse_unknown}}) {
    if (!fields.has(key)) continue;
    SOTTO_ASSIGN(*flag, fields.boolean(key));
  }
  if (fields.has("unk_token")) {
    SOTTO_ASSIGN(read.unknown, fields.string("unk_token"));
  }
  return read;
}

struct FileAddedToken {
  AddedToken token;
  bool normalized = false;  // looked for in the normalized text
};

Result<std::vector<FileAddedToken>> read_added_tokens(std::string_view text) {
  std::vector<FileAddedToken> tokens;
  if (text.empty()) return tokens;
  SOTTO_ASSIGN(const auto items, json_slices(text, kAdded));
  for (const JsonSlice& item : items) {
    SOTTO_ASSIGN(const Json json, Json::parse(item.value, kAdded));
    Metadata fields(kAdded);
    SOTTO_TRY(formats::flatten(json, fields));
    FileAddedToken added;
    SOTTO_ASSIGN(added.token.text, fields.string("content"));
    SOTTO_ASSIGN(const int64_t id, fields.integer("id", 0, Vocab::kMaxPieces - 1));
    added.token.id = static_cast<TokenId>(id);
    for (const auto& [key, flag] : {std::pair<const char*, bool*>{"special", &added.token.special},
                                    {"lstrip", &added.token.left_strip},
                                    {"rstrip", &added.token.right_strip},
                                    {"single_word", &added.token.single_word},
                                    {"normalized", &added.normalized}}) {
      SOTTO_ASSIGN(*flag, fields.boolean(key));
    }
    tokens.push_back(std::move(added));
  }
  return tokens;
}

/// Pieces by id, put together from the model's vocabulary and the added tokens.
class VocabBuilder {
 public:
  Status add(std::string piece, int64_t id) {
    if (id < 0 || id >= static_cast<int64_t>(Vocab::kMaxPieces))
      return malformed(kVocab, "gives " + json_quote(piece.substr(0, 64)) + " the id " + std::to_string(id) +
                                   ", wanted: one from 0 to " + std::to_string(Vocab::kMaxPieces - 1));
    entries_.push_back({std::move(piece), static_cast<size_t>(id)});
    n_ids_ = std::max(n_ids_, static_cast<size_t>(id) + 1);
    return {};
  }

  Result<Vocab> build(const ModelFields& model, const std::vector<FileAddedToken>& added) {
    for (const FileAddedToken& entry : added) SOTTO_TRY(add(entry.token.text, entry.token.id));
    if (n_ids_ > entries_.size() + kMaxUnusedIds)
      return malformed(kVocab,
                       "has ids up to " + std::to_string(n_ids_ - 1) + " for " + std::to_string(entries_.size()) + " pieces");
    std::vector<std::string_view> pieces(n_ids_);
    std::vector<PieceType> types(n_ids_, PieceType::unused);
    for (const Entry& entry : entries_) {
      if (types[entry.id] != PieceType::unused && pieces[entry.id] != entry.piece)
        return malformed(kVocab, "gives the id " + std::to_string(entry.id) + " to " + json_quote(pieces[entry.id].substr(0, 64)) +
                                     " and, with the added tokens, to " + json_quote(entry.piece.substr(0, 64)));
      pieces[entry.id] = entry.piece;
      const bool byte = model.options.byte_fallback && parse_byte_piece(entry.piece);
      types[entry.id] = byte ? PieceType::byte : entry.piece == model.unknown ? PieceType::unknown : PieceType::normal;
    }
    for (const FileAddedToken& entry : added)
      types[static_cast<size_t>(entry.token.id)] = entry.token.special ? PieceType::control : PieceType::user_defined;
    return Vocab::make(pieces, std::move(types), kVocab);
  }

 private:
  struct Entry {
    std::string piece;
    size_t id;
  };
  std::vector<Entry> entries_;
  size_t n_ids_ = 0;
};

Result<Vocab> read_vocab(std::string_view text, const ModelFields& model, const std::vector<FileAddedToken>& added) {
  VocabBuilder builder;
  SOTTO_TRY(Json::parse_members(text, kVocab, [&](std::string piece, Json id) -> Status {
    if (id.as_int()) return builder.add(std::move(piece), *id.as_int());
    return malformed(
        kVocab, "gives " + json_quote(piece.substr(0, 64)) + " the id of kind " + std::string(id.kind()) + ", wanted: an integer");
  }));
  return builder.build(model, added);
}

/// "left right", or ["left", "right"] in newer files.
Status add_merge_item(const Vocab& vocab, const Json& item, size_t index, MergeList& merges) {
  if (const std::string* line = item.as_string()) {
    const size_t blank = line->find(' ', 1);
    if (blank != std::string::npos && blank + 1 < line->size())
      return add_merge(vocab, std::string_view(*line).substr(0, blank), std::string_view(*line).substr(blank + 1), kMerges, index,
                       merges);
  } else if (const Json::Array* pair = item.as_array(); pair && pair->size() == 2) {
    const std::string *left = (*pair)[0].as_string(), *right = (*pair)[1].as_string();
    if (left && right) return add_merge(vocab, *left, *right, kMerges, index, merges);
  }
  return malformed(kMerges, "has at " + std::to_string(index) + " no pair of pieces");
}

Result<MergeList> read_merges(std::string_view text, const Vocab& vocab) {
  MergeList merges;
  SOTTO_ASSIGN(const auto items, json_slices(text, kMerges));
  merges.reserve(items.size());
  for (size_t i = 0; i < items.size(); i += kMergesAtOnce) {
    const std::string_view first = items[i].value, last = items[std::min(i + kMergesAtOnce, items.size()) - 1].value;
    const std::string_view chunk(first.data(), static_cast<size_t>(last.data() + last.size() - first.data()));
    SOTTO_ASSIGN(const Json array, Json::parse("[" + std::string(chunk) + "]", kMerges));
    if (!array.as_array()) return malformed(kMerges, "is no array");
    for (size_t j = 0; j < array.as_array()->size(); ++j) SOTTO_TRY(add_merge_item(vocab, (*array.as_array())[j], i + j, merges));
  }
  return merges;
}

void place_added_tokens(const std::vector<FileAddedToken>& tokens, Tokenizer::Impl& impl) {
  std::vector<AddedToken> raw, normalized;
  std::string scratch;
  for (const FileAddedToken& entry : tokens) {
    (entry.normalized ? normalized : raw).push_back(entry.token);
    if (entry.normalized) normalized.back().text = impl.normalizer.apply(entry.token.text, true, scratch);
  }
  impl.added = AddedTokens(std::move(raw));
  impl.added_normalized = AddedTokens(std::move(normalized));
}

/// The id of the piece that tokenizer_config.json names for a purpose, or else special_tokens_map.json: a string, or an object
/// around it.
Result<std::optional<TokenId>> named_piece(const Metadata& config, const Metadata& map, const std::string& key,
                                           Tokenizer::Impl& impl) {
  for (const Metadata* fields : {&config, &map}) {
    for (const std::string& name : {key, key + ".content"}) {
      if (!fields->has(name)) continue;
      SOTTO_ASSIGN(const std::string piece, fields->string(name));
      if (const auto id = impl.vocab.find(piece)) return id;
      impl.warnings.push_back("'" + key + "' in " + fields->source() + " is " + json_quote(piece.substr(0, 64)) +
                              ", which is not in the vocabulary");
    }
  }
  return std::optional<TokenId>();
}

/// add_bos_token and add_eos_token overrule the post-processor where the file has them.
Status overrule(const Metadata& config, const char* key, std::optional<TokenId> id, bool in_front, std::vector<TokenId>& ids) {
  if (!config.has(key)) return {};
  SOTTO_ASSIGN(const bool add, config.boolean(key));
  if (!id) return {};
  const bool there = !ids.empty() && (in_front ? ids.front() : ids.back()) == *id;
  const auto place = in_front ? ids.begin() : ids.end();
  if (add && !there) ids.insert(place, *id);
  if (!add && there) ids.erase(in_front ? place : place - 1);
  return {};
}

/// eos_token_id of generation_config.json, or else of config.json: one id or several.
Status read_end_of_generation(const ModelFile& file, Tokenizer::Impl& impl) {
  constexpr char kKey[] = "eos_token_id";
  SOTTO_ASSIGN(const Metadata generation, fields_of(file.hugging_face.generation_config_json, "generation_config.json", {kKey}));
  const Metadata& fields = generation.has(kKey) ? generation : file.metadata;
  const int64_t last = static_cast<int64_t>(impl.vocab.size()) - 1;
  if (const auto* value = fields.find(kKey); value && std::holds_alternative<std::vector<int64_t>>(*value)) {
    SOTTO_ASSIGN(const auto ids, fields.integers(kKey));
    for (const int64_t id : ids) {
      if (id < 0 || id > last)
        return Error{ErrorCode::bad_model,
                     "'eos_token_id' in " + fields.source() + " has the id " + std::to_string(id) + ", wanted: one from 0 to " +
                         std::to_string(last),
                     kKey};
      impl.end_of_generation.push_back(static_cast<TokenId>(id));
    }
  } else if (value) {
    SOTTO_ASSIGN(const int64_t id, fields.integer(kKey, 0, last));
    impl.end_of_generation.push_back(static_cast<TokenId>(id));
  }
  impl.complete_end_of_generation();
  return {};
}

Status read_specials(const ModelFile& file, Tokenizer::Impl& impl) {
  SOTTO_ASSIGN(const Metadata config, fields_of(file.hugging_face.tokenizer_config_json, "tokenizer_config.json",
                                                {"bos_token", "eos_token", "add_bos_token", "add_eos_token"}));
  SOTTO_ASSIGN(const Metadata map,
               fields_of(file.hugging_face.special_tokens_map_json, "special_tokens_map.json", {"bos_token", "eos_token"}));
  SOTTO_ASSIGN(impl.bos, named_piece(config, map, "bos_token", impl));
  SOTTO_ASSIGN(impl.eos, named_piece(config, map, "eos_token", impl));
  SOTTO_TRY(overrule(config, "add_bos_token", impl.bos, true, impl.prefix));
  SOTTO_TRY(overrule(config, "add_eos_token", impl.eos, false, impl.suffix));
  return read_end_of_generation(file, impl);
}

}  // namespace

Result<Tokenizer> make_hf_tokenizer(const ModelFile& file, const TokenizerChoices& choices) {
  const std::string& text = file.hugging_face.tokenizer_json;
  if (text.empty()) return Error{ErrorCode::not_found, "there is no tokenizer.json", kFile};
  SOTTO_ASSIGN(const auto sections, json_slices(text, kFile));
  SOTTO_ASSIGN(const auto model, json_slices(slice_of(sections, "model"), "tokenizer.json: model"));
  SOTTO_ASSIGN(ModelFields fields, read_model_fields(model));
  SOTTO_ASSIGN(const auto added, read_added_tokens(slice_of(sections, "added_tokens")));

  auto impl = std::make_shared<Tokenizer::Impl>();
  SOTTO_ASSIGN(impl->vocab, read_vocab(slice_of(model, "vocab"), fields, added));
  SOTTO_TRY(read_normalizer(slice_of(sections, "normalizer"), *impl));
  SOTTO_TRY(read_pre_tokenizer(slice_of(sections, "pre_tokenizer"), choices, *impl));
  fields.options.byte_level = impl->byte_level;
  if (!fields.unknown.empty()) {
    fields.options.unknown = impl->vocab.find(fields.unknown);
    if (!fields.options.unknown)
      return malformed("tokenizer.json: model.unk_token", "is " + json_quote(fields.unknown) + ", which is not in the vocabulary");
  }
  SOTTO_ASSIGN(MergeList merges, read_merges(slice_of(model, "merges"), impl->vocab));
  impl->bpe = Bpe(impl->vocab, merges, fields.options);
  place_added_tokens(added, *impl);
  SOTTO_TRY(read_post_processor(slice_of(sections, "post_processor"), *impl));
  SOTTO_TRY(read_decoder(slice_of(sections, "decoder"), *impl));
  SOTTO_TRY(read_specials(file, *impl));
  return Tokenizer(std::move(impl));
}

}  // namespace sotto::text
