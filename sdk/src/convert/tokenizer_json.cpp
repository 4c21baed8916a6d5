#include "convert/tokenizer_json.h"

#include <algorithm>

#include "formats/json.h"
#include "text/json_slices.h"

namespace sotto::convert {
namespace {

using formats::Json;
using text::JsonSlice;

constexpr char kFile[] = "tokenizer.json";

/// What the member of an object consists of; nothing where there is no such member.
Result<std::vector<JsonSlice>> member_slices(const std::vector<JsonSlice>& object, std::string_view name) {
  const auto found = std::find_if(object.begin(), object.end(), [&](const JsonSlice& slice) { return slice.name == name; });
  if (found == object.end()) return std::vector<JsonSlice>();
  return text::json_slices(found->value, kFile);
}

}  // namespace

Result<MergePairs> read_merge_pairs(std::string_view tokenizer_json) {
  SOTTO_ASSIGN(const auto sections, text::json_slices(tokenizer_json, kFile));
  SOTTO_ASSIGN(const auto model, member_slices(sections, "model"));
  SOTTO_ASSIGN(const auto items, member_slices(model, "merges"));
  MergePairs merges;
  merges.reserve(items.size());
  for (const JsonSlice& item : items) {
    SOTTO_ASSIGN(const Json json, Json::parse(item.value, kFile));
    if (const std::string* line = json.as_string()) {
      const size_t blank = line->find(' ', 1);
      if (blank == std::string::npos) return Error{ErrorCode::bad_model, "a merge of tokenizer.json is no pair", "model.merges"};
      merges.emplace_back(line->substr(0, blank), line->substr(blank + 1));
      continue;
    }
    const Json::Array* pair = json.as_array();
    if (!pair || pair->size() != 2 || !(*pair)[0].as_string() || !(*pair)[1].as_string())
      return Error{ErrorCode::bad_model, "a merge of tokenizer.json is no pair", "model.merges"};
    merges.emplace_back(*(*pair)[0].as_string(), *(*pair)[1].as_string());
  }
  return merges;
}

Result<std::string> find_flagged_token(std::string_view tokenizer_json) {
  SOTTO_ASSIGN(const auto sections, text::json_slices(tokenizer_json, kFile));
  SOTTO_ASSIGN(const auto items, member_slices(sections, "added_tokens"));
  for (const JsonSlice& item : items) {
    SOTTO_ASSIGN(const Json token, Json::parse(item.value, kFile));
    for (const char* flag : {"lstrip", "rstrip", "single_word"}) {
      const Json *value = token.find(flag), *content = token.find("content");
      if (value && value->as_bool() && *value->as_bool() && content && content->as_string()) return *content->as_string();
    }
  }
  return std::string();
}

}  // namespace sotto::convert
