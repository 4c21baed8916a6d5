#include <algorithm>

#include "text/jinja/characters.h"
#include "text/jinja/natives.h"
#include "text/jinja/operators.h"

namespace sotto::jinja {
namespace {

std::span<const NativeRow> methods_of(const Value& value) {
  if (value.text() != nullptr) return kTextMethods;
  if (value.dict() != nullptr) return kDictMethods;
  if (value.is<LoopRef>()) return kLoopMethods;
  if (value.sequence() != nullptr && value.sequence()->is_indexable()) return kListMethods;
  return {};
}

Value neighbour(const Loop& loop, bool next) {
  const size_t at = next ? loop.index + 1 : loop.index - 1;  // index - 1 wraps to no item
  return at < loop.items->items.size() ? loop.items->items[at] : Value();
}

struct LoopField {
  std::string_view name;
  Value (*read)(const Loop&);
};

Value count(size_t n) {
  return Value(static_cast<int64_t>(n));
}

constexpr LoopField kLoopFields[] = {
    {"index", [](const Loop& l) { return count(l.index + 1); }},
    {"index0", [](const Loop& l) { return count(l.index); }},
    {"revindex", [](const Loop& l) { return count(l.items->items.size() - l.index); }},
    {"revindex0", [](const Loop& l) { return count(l.items->items.size() - l.index - 1); }},
    {"first", [](const Loop& l) { return Value(l.index == 0); }},
    {"last", [](const Loop& l) { return Value(l.index + 1 == l.items->items.size()); }},
    {"length", [](const Loop& l) { return count(l.items->items.size()); }},
    {"depth", [](const Loop& l) { return count(l.depth + 1); }},
    {"depth0", [](const Loop& l) { return count(l.depth); }},
    {"previtem", [](const Loop& l) { return neighbour(l, false); }},
    {"nextitem", [](const Loop& l) { return neighbour(l, true); }},
};

/// The attribute as Python's getattr finds it; Undefined when there is none.
Result<Value> own_attribute(Context& context, const Value& value, const std::string& name) {
  if (const auto* space = value.as<Namespace*>()) {
    for (const auto& [key, member] : (*space)->members)
      if (context.work(1) && key == name) return member;
  }
  if (const auto* loop = value.as<LoopRef>()) {
    for (const LoopField& field : kLoopFields)
      if (field.name == name) return field.read(**loop);
  }
  if (const Sequence* pair = value.sequence(); pair != nullptr && pair->is_group) {
    if (name == "grouper") return pair->items[0];
    if (name == "list") return pair->items[1];
  }
  if (const NativeRow* method = find_native(methods_of(value), name)) return context.bound(method, value);
  return Value(Undefined{});
}

/// The item as Python's value[key] finds it; Undefined when there is none.
Result<Value> own_item(Context& context, const Value& value, const Value& key) {
  if (const Dict* map = value.dict()) {
    for (const auto& [name, member] : map->entries)
      if (equal(context, name, key)) return member;
    return Value(Undefined{});
  }
  int64_t storage = 0;
  const int64_t* index = key.integer(storage);
  if (index == nullptr) return Value(Undefined{});
  const auto position = [&](size_t size) {
    const int64_t n = static_cast<int64_t>(size);
    const int64_t at = *index < 0 && *index >= -n ? *index + n : *index;
    return at >= 0 && at < n ? static_cast<size_t>(at) : size;
  };
  if (const Sequence* list = value.sequence(); list != nullptr && list->is_indexable()) {
    const size_t at = position(list->items.size());
    return at < list->items.size() ? list->items[at] : Value(Undefined{});
  }
  if (const std::string* text = value.text()) {
    context.work(value.weight());
    const size_t at = offset_of(*text, position(count_characters(*text)));
    if (at == text->size()) return Value(Undefined{});
    return context.text(text->substr(at, text::first_character(std::string_view(*text).substr(at)).length));
  }
  return Value(Undefined{});
}

struct Slice {
  int64_t first, by;
  size_t count;
  size_t at(size_t i) const { return static_cast<size_t>(first + static_cast<int64_t>(i) * by); }
};

/// What a Python slice takes of `size` items.
Result<Slice> resolve_slice(size_t size, const Value& start, const Value& stop, const Value& step) {
  const int64_t n = static_cast<int64_t>(size);
  for (const Value* bound : {&start, &stop, &step}) {
    int64_t storage = 0;
    if (!bound->is_none() && bound->integer(storage) == nullptr)
      return type_error("slice indices must be integers or None", *bound);
  }
  int64_t storage = 0;
  const int64_t wanted = step.is_none() ? 1 : *step.integer(storage);
  if (wanted == 0) return failure("slice step cannot be zero");
  const int64_t by = std::clamp(wanted, -n - 1, n + 1);
  const int64_t low = by > 0 ? 0 : -1, high = by > 0 ? n : n - 1;
  const auto place = [&](const Value& bound, int64_t otherwise) {
    if (bound.is_none()) return otherwise;
    const int64_t at = *bound.integer(storage);
    return std::clamp(at < 0 ? std::max(at, -n - 1) + n : at, low, high);
  };
  const int64_t first = place(start, by > 0 ? low : high), last = place(stop, by > 0 ? high : low);
  const int64_t distance = by > 0 ? last - first : first - last;
  const int64_t stride = by > 0 ? by : -by;
  return Slice{first, by, distance <= 0 ? 0 : static_cast<size_t>((distance + stride - 1) / stride)};
}

std::string slice_text(std::string_view text, size_t n_characters, const Slice& range) {
  if (range.count == 0) return {};
  if (range.by == 1) {
    text.remove_prefix(offset_of(text, range.at(0)));
    return std::string(text.substr(0, offset_of(text, range.count)));
  }
  std::vector<uint32_t> offsets;
  offsets.reserve(n_characters);
  for (uint32_t at = 0; at < text.size(); at += text::first_character(text.substr(at)).length) offsets.push_back(at);
  std::string out;
  for (size_t i = 0; i < range.count; ++i) {
    const std::string_view rest = text.substr(offsets[range.at(i)]);
    out += rest.substr(0, text::first_character(rest).length);
  }
  return out;
}

}  // namespace

Result<Value> attribute(Context& context, const Value& value, const std::string& name) {
  if (value.is_undefined()) return undefined_error(value);
  SOTTO_ASSIGN(Value found, own_attribute(context, value, name));
  if (!found.is_undefined()) return found;
  if (const Dict* map = value.dict()) {
    context.work(value.weight());
    if (const Value* member = map->find(name)) return *member;
  }
  return Value(Undefined{});
}

Result<Value> item(Context& context, const Value& value, const Value& key) {
  if (value.is_undefined()) return undefined_error(value);
  SOTTO_ASSIGN(Value found, own_item(context, value, key));
  if (!found.is_undefined() || key.text() == nullptr) return found;
  return own_attribute(context, value, *key.text());
}

Result<Value> slice(Context& context, const Value& value, const Value& start, const Value& stop, const Value& step) {
  context.work(value.weight());
  if (const Sequence* list = value.sequence(); list != nullptr && list->is_indexable()) {
    SOTTO_ASSIGN(const Slice range, resolve_slice(list->items.size(), start, stop, step));
    std::vector<Value> items;
    items.reserve(range.count);
    for (size_t i = 0; i < range.count; ++i) items.push_back(list->items[range.at(i)]);
    return context.list(std::move(items), list->kind);
  }
  const std::string* text = value.text();
  if (text == nullptr) return type_error("a slice is taken of lists and strings", value);
  const size_t n_characters = count_characters(*text);
  SOTTO_ASSIGN(const Slice range, resolve_slice(n_characters, start, stop, step));
  return context.text(slice_text(*text, n_characters, range));
}

Status put_entry(Context& context, std::vector<Dict::Entry>& entries, Value key, Value value) {
  if (key.dict() != nullptr || (key.sequence() != nullptr && key.sequence()->kind != Sequence::Kind::tuple))
    return failure("a " + std::string(key.type_name()) + " cannot be a key");
  for (auto& [name, held] : entries) {
    if (equal(context, name, key)) return held = std::move(value), Status{};
  }
  SOTTO_TRY(context.check_work());
  entries.emplace_back(std::move(key), std::move(value));
  return {};
}

Result<SequenceRef> iterate(Context& context, const Value& value) {
  if (const SequenceRef* list = value.as<SequenceRef>(); list != nullptr && (*list)->kind != Sequence::Kind::generator)
    return *list;
  std::vector<Value> items;
  if (const Sequence* generator = value.sequence()) {
    items.assign(generator->items.begin() + static_cast<ptrdiff_t>(generator->read), generator->items.end());
    generator->read = generator->items.size();
  } else if (const Dict* map = value.dict()) {
    for (const auto& entry : map->entries) items.push_back(entry.first);
  } else if (const std::string* text = value.text()) {
    if (text->size() > kMaxItems) return failure("a loop over a string of more than " + std::to_string(kMaxItems) + " bytes");
    for (std::string_view rest = *text; !rest.empty();) {
      const uint32_t n = text::first_character(rest).length;
      SOTTO_ASSIGN(Value character, context.text(std::string(rest.substr(0, n))));
      items.push_back(std::move(character));
      rest.remove_prefix(n);
    }
  } else if (!value.is_undefined()) {
    return failure("'" + std::string(value.type_name()) + "' object is not iterable");
  }
  SOTTO_ASSIGN(const Value list, context.list(std::move(items)));
  return *list.as<SequenceRef>();
}

}  // namespace sotto::jinja
