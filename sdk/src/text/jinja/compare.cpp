#include <algorithm>

#include "text/jinja/operators.h"
#include "text/jinja/text_tools.h"

namespace sotto::jinja {
namespace {

bool equal_items(Context& context, const std::vector<Value>& a, const std::vector<Value>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (!equal(context, a[i], b[i])) return false;
  return true;
}

bool equal_dicts(Context& context, const Dict& a, const Dict& b) {
  if (a.entries.size() != b.entries.size()) return false;
  return std::all_of(a.entries.begin(), a.entries.end(), [&](const Dict::Entry& left) {
    return std::any_of(b.entries.begin(), b.entries.end(), [&](const Dict::Entry& right) {
      return equal(context, left.first, right.first) && equal(context, left.second, right.second);
    });
  });
}

/// An integer and a float are compared exactly, not after rounding the integer.
int order_of_numbers(const Value& a, const Value& b) {
  int64_t left_storage = 0, right_storage = 0;
  const int64_t* left = a.integer(left_storage);
  const int64_t* right = b.integer(right_storage);
  if (left != nullptr && right != nullptr) return *left < *right ? -1 : *left > *right ? 1 : 0;
  const double x = a.number(), y = b.number();
  return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;  // 2: one is no number
}

Result<bool> contains(Context& context, const Value& container, const Value& value) {
  if (const std::string* text = container.text()) {
    if (value.text() == nullptr) return type_error("'in <string>' wants a string", value);
    context.work(container.weight());
    return find_first(*text, *value.text()) != std::string::npos;
  }
  if (const Dict* map = container.dict())
    return std::any_of(map->entries.begin(), map->entries.end(),
                       [&](const auto& entry) { return equal(context, entry.first, value); });
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, container));
  return std::any_of(list->items.begin(), list->items.end(),
                     [&](const Value& candidate) { return equal(context, candidate, value); });
}

}  // namespace

bool equal(Context& context, const Value& a, const Value& b) {
  if (!context.work(1)) return false;
  if (a.is_number() && b.is_number()) return order_of_numbers(a, b) == 0;
  if (a.text() != nullptr && b.text() != nullptr) {
    context.work(a.text()->size() == b.text()->size() ? a.weight() : 0);
    return *a.text() == *b.text();
  }
  if (a.sequence() != nullptr && b.sequence() != nullptr) {
    if (a.sequence() == b.sequence()) return true;
    return a.sequence()->kind == b.sequence()->kind && a.sequence()->kind != Sequence::Kind::generator &&
           equal_items(context, a.sequence()->items, b.sequence()->items);
  }
  if (a.dict() != nullptr && b.dict() != nullptr) return a.dict() == b.dict() || equal_dicts(context, *a.dict(), *b.dict());
  if (a.is_undefined() || a.is_none()) return a.type_name() == b.type_name();
  if (const auto* object = a.as<Namespace*>()) return b.is<Namespace*>() && *object == *b.as<Namespace*>();
  if (const auto* object = a.as<LoopRef>()) return b.is<LoopRef>() && *object == *b.as<LoopRef>();
  if (const auto* object = a.as<MacroRef>()) return b.is<MacroRef>() && *object == *b.as<MacroRef>();
  if (const auto* object = a.as<const NativeRow*>()) return b.is<const NativeRow*>() && *object == *b.as<const NativeRow*>();
  return false;
}

Result<bool> less(Context& context, const Value& a, const Value& b) {
  context.work(1);
  if (a.is_number() && b.is_number()) return order_of_numbers(a, b) == -1;
  // Bytes of UTF-8 are in the order of the code points.
  if (a.text() != nullptr && b.text() != nullptr) {
    context.work(std::min(a.weight(), b.weight()));
    return *a.text() < *b.text();
  }
  const Sequence* left = a.sequence();
  const Sequence* right = b.sequence();
  if (left != nullptr && right != nullptr && left->kind == right->kind && left->kind <= Sequence::Kind::tuple) {
    const size_t common = std::min(left->items.size(), right->items.size());
    for (size_t i = 0; i < common; ++i)
      if (!equal(context, left->items[i], right->items[i])) return less(context, left->items[i], right->items[i]);
    return left->items.size() < right->items.size();
  }
  if (a.is_undefined()) return undefined_error(a);
  if (b.is_undefined()) return undefined_error(b);
  return failure("'<' is not supported between '" + std::string(a.type_name()) + "' and '" + std::string(b.type_name()) + "'");
}

Result<bool> compare(Context& context, Comparison op, const Value& a, const Value& b) {
  switch (op) {
    case Comparison::equal:
      return equal(context, a, b);
    case Comparison::not_equal:
      return !equal(context, a, b);
    case Comparison::less:
      return less(context, a, b);
    case Comparison::greater:
      return less(context, b, a);
    case Comparison::less_equal:
    case Comparison::greater_equal: {
      SOTTO_ASSIGN(const bool strictly, op == Comparison::less_equal ? less(context, a, b) : less(context, b, a));
      return strictly || equal(context, a, b);
    }
    case Comparison::in:
      return contains(context, b, a);
    case Comparison::not_in:
      break;
  }
  SOTTO_ASSIGN(const bool inside, contains(context, b, a));
  return !inside;
}

}  // namespace sotto::jinja
