#include <algorithm>

#include "text/jinja/filters.h"
#include "text/jinja/natives.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"

namespace sotto::jinja {
namespace {

/// Python's sandbox, in which chat templates run, forbids these as well.
Result<Value> forbidden(Context&, const Args& args) {
  return failure("a template cannot change a " + std::string(args[0].type_name()));
}

Result<Value> list_count(Context& context, const Args& args) {
  const auto& items = args[0].sequence()->items;
  return Value(static_cast<int64_t>(
      std::count_if(items.begin(), items.end(), [&](const Value& item) { return equal(context, item, args[1]); })));
}

Result<Value> list_index(Context& context, const Args& args) {
  const auto& items = args[0].sequence()->items;
  const auto found = std::find_if(items.begin(), items.end(), [&](const Value& item) { return equal(context, item, args[1]); });
  if (found == items.end()) return failure("the value is not in the list");
  return Value(static_cast<int64_t>(found - items.begin()));
}

Result<Value> dict_get(Context& context, const Args& args) {
  for (const auto& [key, value] : args[0].dict()->entries)
    if (equal(context, key, args[1])) return value;
  return args.get(2) == nullptr ? Value(None{}) : args[2];
}

Result<Value> dict_items(Context& context, const Args& args) {
  std::vector<Value> items;
  for (const auto& [key, value] : args[0].dict()->entries) {
    SOTTO_ASSIGN(Value pair, context.list({key, value}, Sequence::Kind::tuple));
    items.push_back(std::move(pair));
  }
  return context.list(std::move(items), Sequence::Kind::items);
}

Result<Value> dict_keys(Context& context, const Args& args) {
  std::vector<Value> items;
  for (const auto& entry : args[0].dict()->entries) items.push_back(entry.first);
  return context.list(std::move(items), Sequence::Kind::keys);
}

Result<Value> dict_values(Context& context, const Args& args) {
  std::vector<Value> items;
  for (const auto& entry : args[0].dict()->entries) items.push_back(entry.second);
  return context.list(std::move(items), Sequence::Kind::values);
}

Result<Value> copy(Context&, const Args& args) {
  return args[0];
}

Result<Value> loop_cycle(Context&, const Args& args) {
  if (args.rest.empty()) return failure("cycle() wants values");
  return args.rest[(*args[0].as<LoopRef>())->index % args.rest.size()];
}

Result<Value> loop_changed(Context& context, const Args& args) {
  TextBuilder printed;
  for (const Value& value : args.rest) {
    print_repr(value, printed);
    printed.add(",");
  }
  Loop& loop = **args[0].as<LoopRef>();
  if (!loop.changed.empty() && loop.changed == printed.so_far()) return Value(false);
  SOTTO_ASSIGN(loop.charge, context.charge(printed.so_far().size()));
  loop.changed = printed.so_far();
  return Value(true);
}

constexpr NativeRow kListRows[] = {
    {"append", "self *", forbidden},     {"clear", "self *", forbidden},   {"copy", "self", copy},
    {"count", "self value", list_count}, {"extend", "self *", forbidden},  {"index", "self value", list_index},
    {"insert", "self *", forbidden},     {"pop", "self *", forbidden},     {"remove", "self *", forbidden},
    {"reverse", "self *", forbidden},    {"sort", "self * **", forbidden},
};

constexpr NativeRow kDictRows[] = {
    {"clear", "self *", forbidden},
    {"copy", "self", copy},
    {"get", "self /key /default?", dict_get},
    {"items", "self", dict_items},
    {"keys", "self", dict_keys},
    {"pop", "self *", forbidden},
    {"popitem", "self *", forbidden},
    {"setdefault", "self *", forbidden},
    {"update", "self * **", forbidden},
    {"values", "self", dict_values},
};

constexpr NativeRow kLoopRows[] = {
    {"changed", "self *", loop_changed},
    {"cycle", "self *", loop_cycle},
};

}  // namespace

const std::span<const NativeRow> kListMethods = kListRows;
const std::span<const NativeRow> kDictMethods = kDictRows;
const std::span<const NativeRow> kLoopMethods = kLoopRows;

}  // namespace sotto::jinja
