#include "facade/options_json.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "facade/json_text.h"

namespace sotto::facade {
namespace {

using formats::Json;

constexpr std::string_view kCacheTypes[] = {"f32", "f16", "q8_0"};  // in the order of CacheType
constexpr double kMaxTimeoutMs = 1e12;

Result<Json> parse(std::string_view json) {
  if (json.empty()) return Json(Json::Value(Json::Object()));
  Result<Json> parsed = Json::parse(json, "options");
  if (!parsed) parsed.error().code = ErrorCode::invalid_argument;
  return parsed;
}

void read_timeout(OptionReader& reader, Deadline& deadline) {
  const Json* json = reader.take("timeout_ms");
  if (!json) return;
  double ms = -1;
  if (const double* value = json->as_double()) ms = *value;
  if (const int64_t* value = json->as_int()) ms = static_cast<double>(*value);
  if (ms >= 0 && ms <= kMaxTimeoutMs)
    deadline = Deadline::in(std::chrono::nanoseconds(static_cast<int64_t>(ms * 1e6)));
  else
    reader.fault("timeout_ms", *json, "0 to 1e12");
}

std::vector<TokenId> read_tokens(OptionReader& reader, const Json& json) {
  std::vector<TokenId> tokens;
  if (!json.as_array()) {
    reader.fault("tokens", json, "a list of ids");
    return tokens;
  }
  for (const Json& item : *json.as_array()) {
    const auto id = whole_number(item);
    if (!id || *id < 0 || *id > INT32_MAX) {
      reader.fault("tokens", item, "ids from 0 to 2147483647");
      break;
    }
    tokens.push_back(static_cast<TokenId>(*id));
  }
  return tokens;
}

std::vector<Message> read_messages(OptionReader& reader, const Json& json) {
  std::vector<Message> messages;
  const Json::Array* list = json.as_array();
  if (!list) reader.fault("messages", json, "a list of {role, content}");
  for (size_t i = 0; list && i < list->size(); ++i) {
    const Json &item = (*list)[i], *role = item.find("role"), *content = item.find("content");
    if (!role || !role->as_string() || !content || !content->as_string() || item.as_object()->size() != 2) {
      reader.fault("messages[" + std::to_string(i) + "]", item, "{role, content}, both strings");
      break;
    }
    messages.push_back({*role->as_string(), *content->as_string()});
  }
  return messages;
}

void read_stop(OptionReader& reader, std::vector<std::string>& stop) {
  const Json* json = reader.take("stop");
  if (!json) return;
  const Json* const begin = json->as_array() ? json->as_array()->data() : json;
  const Json* const end = begin + (json->as_array() ? json->as_array()->size() : 1);
  for (const Json* item = begin; item != end; ++item) {
    if (!item->as_string()) return reader.fault("stop", *item, "a string or a list of strings");
    stop.push_back(*item->as_string());
  }
}

// A bias that JSON cannot write, minus infinity, is null.
void read_logit_bias(OptionReader& reader, std::vector<LogitBias>& biases) {
  const Json* json = reader.take("logit_bias");
  if (!json) return;
  const Json::Array* list = json->as_array();
  if (!list) return reader.fault("logit_bias", *json, "a list of {token, bias}");
  for (const Json& item : *list) {
    const Json *token = item.find("token"), *bias = item.find("bias");
    const auto id = token ? whole_number(*token) : std::nullopt;
    const bool is_number = bias && (bias->as_double() || bias->as_int() || bias->is_null());
    if (!id || *id < 0 || *id > INT32_MAX || !is_number)
      return reader.fault("logit_bias", item, "{token, bias}: an id and a number");
    const double value = bias->as_double() ? *bias->as_double() : bias->as_int() ? static_cast<double>(*bias->as_int()) : -INFINITY;
    biases.push_back({static_cast<TokenId>(*id), static_cast<float>(value)});
  }
}

void read_generation_option(OptionReader& reader, const OptionInfo& option, GenerationOptions& options) {
  if (option.kind == OptionInfo::Kind::boolean) {
    bool value = option.get(options) != 0;
    reader.read(option.name, value);
    option.set(options, value ? 1 : 0);
    return;
  }
  double value = option.get(options);
  reader.read(option.name, value);
  option.set(options, value);
}

}  // namespace

Result<EngineRequest> engine_request(std::string_view json) {
  SOTTO_ASSIGN(const Json object, parse(json));
  OptionReader reader(object);
  EngineRequest request;
  reader.read_count("threads", request.options.threads);
  reader.read("target", request.options.target);
  reader.read_count("memory_limit_bytes", request.options.memory_limit_bytes);
  reader.read("trace", request.trace);
  SOTTO_TRY(reader.finish());
  SOTTO_TRY(request.options.validate());
  return request;
}

Result<ModelOptions> model_options(std::string_view json) {
  SOTTO_ASSIGN(const Json object, parse(json));
  OptionReader reader(object);
  ModelOptions options;
  reader.read("quantize", options.quantize);
  reader.read("activations", options.activations);
  reader.read("screen_head", options.screen_head);
  reader.read("guess_pre_tokenizer", options.guess_pre_tokenizer);
  reader.read("tokenizer_required", options.tokenizer_required);
  reader.read("warm_up", options.warm_up);
  read_timeout(reader, options.deadline);
  SOTTO_TRY(reader.finish());
  SOTTO_TRY(options.validate());
  return options;
}

Result<SessionOptions> session_options(std::string_view json) {
  SOTTO_ASSIGN(const Json object, parse(json));
  OptionReader reader(object);
  SessionOptions options;
  reader.read_count("context", options.context, SIZE_MAX);
  reader.read_count("prefill_chunk", options.prefill_chunk, SIZE_MAX);
  if (const Json* cache = reader.take("cache")) {
    const auto* const found =
        std::find(std::begin(kCacheTypes), std::end(kCacheTypes), cache->as_string() ? *cache->as_string() : std::string());
    if (found == std::end(kCacheTypes))
      reader.fault("cache", *cache, "f32, f16 or q8_0");
    else
      options.cache = static_cast<CacheType>(found - std::begin(kCacheTypes));
  }
  SOTTO_TRY(reader.finish());
  SOTTO_TRY(options.validate());
  return options;
}

Result<GenerationRequest> generation_request(std::string_view json) {
  SOTTO_ASSIGN(const Json object, parse(json));
  OptionReader reader(object);
  GenerationRequest request;
  const Json *prompt = reader.take("prompt"), *tokens = reader.take("tokens"), *messages = reader.take("messages");
  if ((prompt != nullptr) + (tokens != nullptr) + (messages != nullptr) != 1)
    return Error{ErrorCode::invalid_argument, "give one of prompt, tokens and messages", "prompt"};
  if (prompt && prompt->as_string()) request.prompt = *prompt->as_string();
  if (prompt && !prompt->as_string()) reader.fault("prompt", *prompt, "a string");
  if (tokens) request.prompt = read_tokens(reader, *tokens);
  if (messages) request.prompt = read_messages(reader, *messages);
  for (const OptionInfo& option : generation_options()) read_generation_option(reader, option, request.options);
  read_stop(reader, request.options.stop);
  read_logit_bias(reader, request.options.logit_bias);
  read_timeout(reader, request.options.deadline);
  SOTTO_TRY(reader.finish());
  SOTTO_TRY(request.options.validate());
  return request;
}

Result<EncodeOptions> encode_options(std::string_view json) {
  SOTTO_ASSIGN(const Json object, parse(json));
  OptionReader reader(object);
  EncodeOptions options;
  reader.read("add_special", options.add_special);
  reader.read("parse_special", options.parse_special);
  SOTTO_TRY(reader.finish());
  return options;
}

Result<DecodeRequest> decode_request(std::string_view json) {
  SOTTO_ASSIGN(const Json object, parse(json));
  OptionReader reader(object);
  DecodeRequest request;
  if (const Json* tokens = reader.take("tokens")) request.tokens = read_tokens(reader, *tokens);
  reader.read("skip_special", request.options.skip_special);
  SOTTO_TRY(reader.finish());
  return request;
}

Result<TemplateRequest> template_request(std::string_view json) {
  SOTTO_ASSIGN(const Json object, parse(json));
  OptionReader reader(object);
  TemplateRequest request;
  if (const Json* messages = reader.take("messages")) request.messages = read_messages(reader, *messages);
  reader.read("add_generation_prompt", request.add_generation_prompt);
  SOTTO_TRY(reader.finish());
  return request;
}

std::string generation_options_json() {
  constexpr std::string_view kKinds[] = {"real", "integer", "boolean"};
  const GenerationOptions defaults;
  std::vector<JsonText> rows;
  for (const OptionInfo& option : generation_options()) {
    JsonObject row;
    row.add("name", option.name).add("kind", kKinds[static_cast<size_t>(option.kind)]).add("help", option.help);
    row.add("min", option.min).add("max", option.max).add("default", option.get(defaults));
    rows.push_back(row.done());
  }
  const auto list = [&](std::string_view name, std::string_view help) {
    rows.push_back(JsonObject().add("name", name).add("kind", "list").add("help", help).done());
  };
  list("stop", "texts that end the generation and are not part of it");
  list("logit_bias", "{token, bias}: added to the logits of tokens");
  return to_json(rows);
}

}  // namespace sotto::facade
