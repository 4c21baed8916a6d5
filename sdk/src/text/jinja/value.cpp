#include "text/jinja/value.h"

#include <algorithm>
#include <array>

namespace sotto::jinja {

const std::string* Value::text() const noexcept {
  const TextRef* ref = as<TextRef>();
  return ref == nullptr ? nullptr : &(*ref)->text;
}

const int64_t* Value::integer(int64_t& storage) const noexcept {
  if (const bool* flag = as<bool>()) {
    storage = *flag ? 1 : 0;
    return &storage;
  }
  return as<int64_t>();
}

double Value::number() const noexcept {
  if (const double* real = as<double>()) return *real;
  int64_t storage = 0;
  const int64_t* whole = integer(storage);
  return whole == nullptr ? 0.0 : static_cast<double>(*whole);
}

bool Value::truth() const noexcept {
  if (is_undefined() || is_none()) return false;
  if (is_number()) return number() != 0.0;
  if (const std::string* string = text()) return !string->empty();
  if (const Sequence* list = sequence()) return list->kind == Sequence::Kind::generator || !list->items.empty();
  if (const Dict* map = dict()) return !map->entries.empty();
  return true;
}

std::string_view Value::type_name() const noexcept {
  static constexpr std::array<std::string_view, 13> kNames = {
      "Undefined", "NoneType", "bool", "int", "float", "str", "list", "dict", "Macro", "method", "loop", "namespace", "function"};
  static constexpr std::array<std::string_view, 7> kSequences = {"list",        "tuple",      "range",    "dict_keys",
                                                                 "dict_values", "dict_items", "generator"};
  if (const Sequence* list = sequence()) return kSequences[static_cast<size_t>(list->kind)];
  return kNames[v_.index()];
}

size_t Value::depth() const noexcept {
  if (const Sequence* list = sequence()) return list->depth;
  if (const Dict* map = dict()) return map->depth;
  if (const BoundRef* bound = as<BoundRef>()) return (*bound)->self.depth() + 1;
  if (const LoopRef* loop = as<LoopRef>()) return (*loop)->items->depth + 1;
  return 0;
}

int64_t Value::weight() const noexcept {
  if (const std::string* string = text()) return static_cast<int64_t>(string->size() / kBytesPerStep);
  if (const Sequence* list = sequence()) return static_cast<int64_t>(list->items.size());
  if (const Dict* map = dict()) return static_cast<int64_t>(map->entries.size());
  return 0;
}

const Value* Dict::find(std::string_view key) const noexcept {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
    const std::string* name = entry.first.text();
    return name != nullptr && *name == key;
  });
  return found == entries.end() ? nullptr : &found->second;
}

}  // namespace sotto::jinja
