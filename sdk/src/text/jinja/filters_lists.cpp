#include <algorithm>

#include "text/jinja/characters.h"
#include "text/jinja/filters.h"
#include "text/jinja/numbers.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"
#include "text/jinja/text_tools.h"

namespace sotto::jinja {
namespace {

constexpr Sequence::Kind kGenerator = Sequence::Kind::generator;

const Value* named(const Args& args, std::string_view name) {
  const auto found =
      std::find_if(args.named.begin(), args.named.end(), [&](const Named& argument) { return argument.name == name; });
  return found == args.named.end() ? nullptr : &found->value;
}

/// Calls a filter or test by its name, the first of `arguments`, on `value`. Filters inside filters are the one recursion here.
Result<Value> call_by_name(Context& context, std::span<const NativeRow> table, std::span<const Value> arguments,
                           std::span<const Named> named, const Value& value) {
  const std::string* name = arguments[0].text();
  const NativeRow* row = name == nullptr ? nullptr : find_native(table, *name);
  if (row == nullptr) return failure("no filter or test of the name given");
  if (context.native_depth == kMaxNativeDepth)
    return failure("filters inside filters, deeper than " + std::to_string(kMaxNativeDepth));
  SOTTO_TRY(context.check_work());
  std::vector<Value> positional = {value};
  positional.insert(positional.end(), arguments.begin() + 1, arguments.end());
  ++context.native_depth;
  Result<Value> result = call_native(context, *row, positional, named);
  --context.native_depth;
  return result;
}

Result<Value> select(Context& context, const Args& args, bool by_attribute, bool wanted) {
  if (!args[0].truth()) return context.list({}, kGenerator);  // whatever it is, as in Jinja
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  if (by_attribute && args.rest.empty()) return failure("the name of an attribute is missing");
  const std::span<const Value> test = args.rest.subspan(by_attribute ? 1 : 0);
  std::vector<Value> kept;
  for (const Value& item : list->items) {
    Value subject = item;
    if (by_attribute) {
      SOTTO_ASSIGN(subject, lookup(context, item, args.rest[0]));
    }
    bool passes = subject.truth();
    if (!test.empty()) {
      SOTTO_ASSIGN(const Value verdict, call_by_name(context, kTests, test, args.named, subject));
      passes = verdict.truth();
    }
    if (passes == wanted) kept.push_back(item);
  }
  return context.list(std::move(kept), kGenerator);
}

}  // namespace

Result<Value> lookup(Context& context, const Value& value, const Value& path, const Value* fallback) {
  if (path.is_none()) return value;
  Value found = value;
  std::string_view rest = path.text() == nullptr ? std::string_view() : *path.text();
  for (bool more = true; more;) {
    const size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    const bool is_index = !part.empty() && std::all_of(part.begin(), part.end(),
                                                       [](char c) { return is_ascii_digit(static_cast<unsigned char>(c)); });
    const auto index = is_index ? parse_integer(part, 10) : std::nullopt;
    SOTTO_ASSIGN(const Value key, path.text() == nullptr ? Result<Value>(path)
                                  : index                ? Result<Value>(Value(*index))
                                                         : context.text(std::string(part)));
    SOTTO_ASSIGN(found, item(context, found, key));
    if (found.is_undefined() && fallback != nullptr) found = *fallback;
    more = dot != std::string_view::npos;
    if (more) rest.remove_prefix(dot + 1);
  }
  return found;
}

Result<Value> filter_select(Context& context, const Args& args) {
  return select(context, args, false, true);
}
Result<Value> filter_reject(Context& context, const Args& args) {
  return select(context, args, false, false);
}
Result<Value> filter_selectattr(Context& context, const Args& args) {
  return select(context, args, true, true);
}
Result<Value> filter_rejectattr(Context& context, const Args& args) {
  return select(context, args, true, false);
}

Result<Value> filter_map(Context& context, const Args& args) {
  if (!args[0].truth()) return context.list({}, kGenerator);
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  const Value* attribute = named(args, "attribute");
  const Value* fallback = named(args, "default");
  if (args.rest.empty() && attribute == nullptr) return failure("map() wants a filter or an attribute");
  std::vector<Value> items;
  items.reserve(list->items.size());
  for (const Value& item : list->items) {
    SOTTO_ASSIGN(Value mapped, args.rest.empty() ? lookup(context, item, *attribute, fallback)
                                                 : call_by_name(context, kFilters, args.rest, args.named, item));
    items.push_back(std::move(mapped));
  }
  return context.list(std::move(items), kGenerator);
}

Result<Value> filter_first(Context& context, const Args& args) {
  if (const Sequence* list = args[0].sequence(); list != nullptr && list->kind == kGenerator)
    return list->read < list->items.size() ? list->items[list->read++] : Value();
  if (const std::string* text = args[0].text()) return context.text(text->substr(0, offset_of(*text, 1)));
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  return list->items.empty() ? Value() : list->items.front();
}

Result<Value> filter_last(Context& context, const Args& args) {
  if (args[0].sequence() != nullptr && args[0].sequence()->kind == kGenerator) return type_error("last wants a list", args[0]);
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  return list->items.empty() ? Value() : list->items.back();
}

Result<Value> filter_reverse(Context& context, const Args& args) {
  if (args[0].text() != nullptr) return slice(context, args[0], Value(None{}), Value(None{}), Value(int64_t{-1}));
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  return context.list({list->items.rbegin(), list->items.rend()}, kGenerator);
}

Result<Value> filter_join(Context& context, const Args& args) {
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  SOTTO_ASSIGN(const std::string separator, to_text(args.get(1) == nullptr ? Value() : args[1]));
  if (args.get(2) == nullptr) return join_texts(context, list->items, separator);
  std::vector<Value> items;
  for (const Value& item : list->items) {
    SOTTO_ASSIGN(Value found, lookup(context, item, args[2]));
    items.push_back(std::move(found));
  }
  return join_texts(context, items, separator);
}

Result<Value> filter_sum(Context& context, const Args& args) {
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  const Value attribute = args.get(1) == nullptr ? Value(None{}) : args[1];
  Value total = args.get(2) == nullptr ? Value(int64_t{0}) : args[2];
  if (total.text() != nullptr) return failure("sum() does not add strings");
  for (const Value& item : list->items) {
    SOTTO_ASSIGN(const Value term, lookup(context, item, attribute));
    SOTTO_ASSIGN(total, binary(context, Binary::add, total, term));
    SOTTO_TRY(context.check_work());
  }
  return total;
}

Result<Value> filter_batch(Context& context, const Args& args) {
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  SOTTO_ASSIGN(const int64_t size, args.integer(1, 0));
  if (size < 1 || size > static_cast<int64_t>(kMaxItems)) return failure("batches of " + std::to_string(size));
  std::vector<Value> batches;
  for (size_t at = 0; at < list->items.size(); at += static_cast<size_t>(size)) {
    const size_t end = std::min(list->items.size(), at + static_cast<size_t>(size));
    std::vector<Value> batch(list->items.begin() + static_cast<ptrdiff_t>(at), list->items.begin() + static_cast<ptrdiff_t>(end));
    if (args.get(2) != nullptr && !args[2].is_none()) batch.resize(static_cast<size_t>(size), args[2]);
    SOTTO_ASSIGN(Value made, context.list(std::move(batch)));
    batches.push_back(std::move(made));
  }
  return context.list(std::move(batches), kGenerator);
}

/// `slices` columns whose lengths differ by one at most.
Result<Value> filter_slice(Context& context, const Args& args) {
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  SOTTO_ASSIGN(const int64_t wanted, args.integer(1, 0));
  if (wanted < 1 || wanted > static_cast<int64_t>(kMaxItems)) return failure("slices: " + std::to_string(wanted));
  const size_t n = static_cast<size_t>(wanted), each = list->items.size() / n, longer = list->items.size() % n;
  std::vector<Value> columns;
  auto at = list->items.begin();
  for (size_t i = 0; i < n; ++i) {
    const auto end = at + static_cast<ptrdiff_t>(each + (i < longer ? 1 : 0));
    std::vector<Value> column(at, end);
    if (args.get(2) != nullptr && !args[2].is_none() && i >= longer) column.push_back(args[2]);
    SOTTO_ASSIGN(Value made, context.list(std::move(column)));
    columns.push_back(std::move(made));
    at = end;
  }
  return context.list(std::move(columns), kGenerator);
}

}  // namespace sotto::jinja
