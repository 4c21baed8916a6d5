#include "text/jinja/natives.h"

#include <algorithm>
#include <string>

#include "text/jinja/operators.h"

namespace sotto::jinja {
namespace {

/// Takes the next word off `words`.
std::string_view next_word(std::string_view& words) {
  const std::string_view word = words.substr(0, words.find(' '));
  words.remove_prefix(std::min(words.size(), word.size() + 1));
  return word;
}

Error misuse(const NativeRow& row, std::string_view what) {
  return failure(std::string(row.name) + "() " + std::string(what));
}

Status bind(const NativeRow& row, std::span<const Value> positional, std::span<const Named> named, Args& args) {
  size_t n_parameters = 0, n_positional = 0, n_named = 0;
  bool takes_named = false;
  for (std::string_view words = row.parameters; !words.empty();) {
    std::string_view name = next_word(words);
    if (name == "*") {
      args.rest = positional.subspan(std::min(n_positional, positional.size()));
      n_positional = positional.size();
      continue;
    }
    if (name == "**") {
      takes_named = true;
      continue;
    }
    const bool optional = name.ends_with('?');
    if (optional) name.remove_suffix(1);
    const auto given = std::find_if(named.begin(), named.end(), [&](const Named& argument) { return argument.name == name; });
    if (given != named.end()) ++n_named;
    if (n_positional < positional.size()) {
      if (given != named.end()) return misuse(row, "got two values for " + std::string(name));
      args.slots[n_parameters] = &positional[n_positional++];
    } else if (given != named.end()) {
      args.slots[n_parameters] = &given->value;
    } else if (!optional) {
      return misuse(row, "wants the argument " + std::string(name));
    }
    ++n_parameters;
  }
  if (n_positional < positional.size()) return misuse(row, "got too many arguments");
  if (takes_named) {
    args.named = named;
  } else if (n_named < named.size()) {
    return misuse(row, "does not take one of the named arguments given");
  }
  return {};
}

}  // namespace

Result<int64_t> Args::integer(size_t i, int64_t otherwise) const {
  if (slots[i] == nullptr) return otherwise;
  int64_t storage = 0;
  const int64_t* value = slots[i]->integer(storage);
  if (value == nullptr) return type_error("an argument must be an integer", *slots[i]);
  return *value;
}

Result<std::string_view> Args::text(size_t i, std::string_view otherwise) const {
  if (slots[i] == nullptr) return otherwise;
  if (slots[i]->text() == nullptr) return type_error("an argument must be a string", *slots[i]);
  return std::string_view(*slots[i]->text());
}

const NativeRow* find_native(std::span<const NativeRow> table, std::string_view name) noexcept {
  const auto found = std::find_if(table.begin(), table.end(), [&](const NativeRow& row) { return row.name == name; });
  return found == table.end() ? nullptr : &*found;
}

Result<Value> call_native(Context& context, const NativeRow& row, std::span<const Value> positional, std::span<const Named> named) {
  Args args;
  SOTTO_TRY(bind(row, positional, named, args));
  for (const Value& value : positional) context.work(value.weight());
  return row.run(context, args);
}

}  // namespace sotto::jinja
