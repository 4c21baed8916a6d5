#include "hub_name.h"

#include <algorithm>
#include <cctype>

namespace sotto::cli {
namespace {

constexpr std::string_view kGguf = ".gguf", kSafeTensors = ".safetensors";
// What a folder of SafeTensors is read with; weights in other formats stay where they are.
constexpr std::string_view kBesideSafeTensors[] = {"config.json",
                                                   "generation_config.json",
                                                   "tokenizer.json",
                                                   "tokenizer_config.json",
                                                   "chat_template.jinja",
                                                   "special_tokens_map.json",
                                                   "model.safetensors.index.json"};

bool is_segment(std::string_view text) {
  return !text.empty() && text.front() != '.' && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) || c == '.' || c == '_' || c == '-' || c == '+');
  });
}

bool is_path(std::string_view text) {
  for (size_t begin = 0;;) {
    const size_t end = text.find('/', begin);
    if (!is_segment(text.substr(begin, end - begin))) return false;
    if (end == std::string_view::npos) return true;
    begin = end + 1;
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// "name-00002-of-00005.gguf" belongs to the split model "name"; other names are their own.
std::string_view without_part_number(std::string_view name) {
  constexpr std::string_view kPart = "-00000-of-00000.gguf";
  if (name.size() <= kPart.size()) return name;
  const std::string_view tail = name.substr(name.size() - kPart.size());
  for (size_t i = 0; i < kPart.size(); ++i)
    if (kPart[i] == '0' ? !std::isdigit(static_cast<unsigned char>(tail[i])) : kPart[i] != tail[i]) return name;
  return name.substr(0, name.size() - kPart.size());
}

Error ambiguous(const std::vector<std::string>& choices) {
  constexpr size_t kShown = 12;
  std::string list;
  for (size_t i = 0; i < std::min(choices.size(), kShown); ++i) list += (i ? ", " : "") + choices[i];
  if (choices.size() > kShown) list += ", ...";
  return {ErrorCode::invalid_argument, "several models fit, name one of: " + list, "model"};
}

}  // namespace

std::string HubName::folder() const {
  return "hf/" + owner + "/" + repo + (revision == "main" ? "" : "@" + revision);
}

Result<HubName> parse_hub_name(std::string_view name) {
  const Error malformed{ErrorCode::invalid_argument,
                        "'" + std::string(name) + "' is not of the form hf:owner/repo[/file][:quant][@revision]", "model"};
  if (!name.starts_with("hf:")) return malformed;
  std::string_view rest = name.substr(3);
  HubName hub;
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    hub.revision = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!is_segment(hub.revision)) return malformed;
  }
  if (const size_t colon = rest.rfind(':'); colon != std::string_view::npos) {
    hub.quant = lower(rest.substr(colon + 1));
    rest = rest.substr(0, colon);
    if (!is_segment(hub.quant)) return malformed;
  }
  if (!is_path(rest)) return malformed;
  const size_t owner_end = rest.find('/');
  if (owner_end == std::string_view::npos) return malformed;
  hub.owner = rest.substr(0, owner_end);
  rest = rest.substr(owner_end + 1);
  const size_t repo_end = rest.find('/');
  hub.repo = rest.substr(0, repo_end);
  if (repo_end != std::string_view::npos) hub.file = rest.substr(repo_end + 1);
  if (!hub.file.empty() && !hub.quant.empty()) return malformed;
  return hub;
}

Result<std::vector<std::string>> select_model_files(const std::vector<std::string>& names, std::string_view quant) {
  std::vector<std::string> models, safetensors, beside;
  for (const std::string& name : names) {
    if (!is_path(name)) continue;
    if (name.ends_with(kGguf) && lower(name).find(quant) != std::string::npos)
      models.push_back(name);
    else if (name.ends_with(kSafeTensors) && name.find('/') == std::string::npos)
      safetensors.push_back(name);
    else if (std::find(std::begin(kBesideSafeTensors), std::end(kBesideSafeTensors), name) != std::end(kBesideSafeTensors))
      beside.push_back(name);
  }
  std::sort(models.begin(), models.end());
  for (const std::string& model : models)
    if (without_part_number(model) != without_part_number(models.front())) return ambiguous(models);
  if (!models.empty()) return models;
  if (!quant.empty() || safetensors.empty() || std::find(beside.begin(), beside.end(), "config.json") == beside.end())
    return Error{ErrorCode::not_found,
                 "no GGUF file" + (quant.empty() ? std::string(" and no folder of SafeTensors") : " named " + std::string(quant)),
                 "model"};
  beside.insert(beside.end(), safetensors.begin(), safetensors.end());
  return beside;
}

}  // namespace sotto::cli
