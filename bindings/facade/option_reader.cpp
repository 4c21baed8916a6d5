#include "facade/option_reader.h"

#include <algorithm>
#include <cmath>

#include "facade/json_text.h"

namespace sotto::facade {

using formats::Json;

std::optional<int64_t> whole_number(const Json& json) {
  constexpr double kMax = 9007199254740992.0;  // 2^53
  if (const int64_t* value = json.as_int())
    return std::abs(static_cast<double>(*value)) <= kMax ? std::optional(*value) : std::nullopt;
  const double* value = json.as_double();
  if (!value || std::abs(*value) > kMax || std::trunc(*value) != *value) return std::nullopt;
  return static_cast<int64_t>(*value);
}

const Json* OptionReader::take(std::string_view name) {
  known_.push_back(name);
  const Json* member = object_.find(name);
  return member && !member->is_null() ? member : nullptr;
}

void OptionReader::fault(std::string_view name, const Json& got, std::string_view wanted) {
  const std::string* text = got.as_string();
  const double* real = got.as_double();
  faults_.add(name,
              text           ? to_json(std::string_view(*text).substr(0, 64))
              : got.as_int() ? std::to_string(*got.as_int())
              : real         ? to_json(*real)
                             : "of type " + std::string(got.kind()),
              wanted);
}

void OptionReader::read(std::string_view name, bool& value) {
  const Json* json = take(name);
  if (!json) return;
  if (const bool* given = json->as_bool())
    value = *given;
  else
    fault(name, *json, "true or false");
}

void OptionReader::read(std::string_view name, std::string& value) {
  const Json* json = take(name);
  if (!json) return;
  if (const std::string* given = json->as_string())
    value = *given;
  else
    fault(name, *json, "a string");
}

void OptionReader::read(std::string_view name, double& value) {
  const Json* json = take(name);
  if (!json) return;
  if (const double* given = json->as_double())
    value = *given;
  else if (const int64_t* whole = json->as_int())
    value = static_cast<double>(*whole);
  else
    fault(name, *json, "a number");
}

void OptionReader::read(std::string_view name, float& value) {
  double given = value;
  read(name, given);
  value = static_cast<float>(given);
}

void OptionReader::read(std::string_view name, int64_t& value) {
  const Json* json = take(name);
  if (!json) return;
  if (const auto given = whole_number(*json))
    value = *given;
  else
    fault(name, *json, "a whole number");
}

std::optional<uint64_t> OptionReader::count(std::string_view name, uint64_t max) {
  const Json* json = take(name);
  if (!json) return std::nullopt;
  const auto given = whole_number(*json);
  if (given && *given >= 0 && static_cast<uint64_t>(*given) <= max) return static_cast<uint64_t>(*given);
  fault(name, *json, "a whole number from 0 to " + std::to_string(max));
  return std::nullopt;
}

Status OptionReader::finish() {
  if (!object_.as_object()) return Error{ErrorCode::invalid_argument, "options must be a JSON object", "options"};
  std::string names;
  for (const std::string_view name : known_) names.append(names.empty() ? "" : ", ").append(name);
  for (const Json::Member& member : *object_.as_object())
    if (std::find(known_.begin(), known_.end(), member.first) == known_.end())
      faults_.add(member.first.substr(0, 64), "no option", "one of " + names);
  return faults_.status();
}

}  // namespace sotto::facade
