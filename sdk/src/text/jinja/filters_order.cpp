#include <algorithm>

#include "text/jinja/characters.h"
#include "text/jinja/filters.h"
#include "text/jinja/operators.h"

namespace sotto::jinja {
namespace {

struct Keyed {
  Value key, item;
};

/// Stable, also with `reverse`. Comparisons can fail, which std::stable_sort has no way to tell.
Status sort_by_key(Context& context, std::vector<Keyed>& items, bool reverse) {
  std::vector<Keyed> merged(items.size());
  for (size_t width = 1; width < items.size(); width *= 2) {
    for (size_t start = 0; start < items.size(); start += 2 * width) {
      const size_t middle = std::min(start + width, items.size()), end = std::min(middle + width, items.size());
      size_t left = start, right = middle;
      for (size_t out = start; out < end; ++out) {
        bool take_right = left == middle;
        if (left < middle && right < end) {
          const Value &a = items[left].key, &b = items[right].key;
          SOTTO_TRY(context.check_work());
          SOTTO_ASSIGN(take_right, reverse ? less(context, a, b) : less(context, b, a));
        }
        merged[out] = std::move(take_right ? items[right++] : items[left++]);
      }
    }
    items.swap(merged);
  }
  return {};
}

Result<Value> items_of(Context& context, std::vector<Keyed> keyed, Sequence::Kind kind = Sequence::Kind::list) {
  std::vector<Value> items;
  items.reserve(keyed.size());
  for (Keyed& entry : keyed) items.push_back(std::move(entry.item));
  return context.list(std::move(items), kind);
}

/// What `path` leads to, without regard to case unless told.
Result<Value> key_of(Context& context, const Value& item, const Value& path, bool case_sensitive) {
  SOTTO_ASSIGN(Value found, lookup(context, item, path));
  if (case_sensitive) return found;
  return fold_case(context, found);
}

/// A list of the keys of "a,b": Python compares such lists by their first unequal items, and items it cannot order only then.
Result<Value> sort_key(Context& context, const Value& item, const Value& paths, bool case_sensitive) {
  std::vector<Value> keys;
  if (paths.text() == nullptr) {
    SOTTO_ASSIGN(Value key, key_of(context, item, paths, case_sensitive));
    keys.push_back(std::move(key));
  } else {
    for (std::string_view rest = *paths.text();;) {
      const size_t comma = rest.find(',');
      SOTTO_ASSIGN(const Value path, context.text(std::string(rest.substr(0, comma))));
      SOTTO_ASSIGN(Value key, key_of(context, item, path, case_sensitive));
      keys.push_back(std::move(key));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return context.list(std::move(keys));
}

Value given_or_none(const Args& args, size_t i) {
  return args.get(i) == nullptr ? Value(None{}) : args[i];
}

Result<Value> extreme(Context& context, const Args& args, bool largest) {
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  const Value path = given_or_none(args, 2);
  Keyed best;
  for (size_t i = 0; i < list->items.size(); ++i) {
    SOTTO_ASSIGN(Value key, key_of(context, list->items[i], path, args.truth(1)));
    SOTTO_ASSIGN(const bool better, i == 0    ? Result<bool>(true)
                                    : largest ? less(context, best.key, key)
                                              : less(context, key, best.key));
    if (better) best = {std::move(key), list->items[i]};
  }
  return best.item;
}

}  // namespace

Result<Value> fold_case(Context& context, const Value& value) {
  if (value.text() == nullptr) return value;
  return context.text(lower(*value.text()));
}

Result<Value> filter_max(Context& context, const Args& args) {
  return extreme(context, args, true);
}
Result<Value> filter_min(Context& context, const Args& args) {
  return extreme(context, args, false);
}

Result<Value> filter_sort(Context& context, const Args& args) {
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  std::vector<Keyed> keyed;
  for (const Value& item : list->items) {
    SOTTO_ASSIGN(Value key, sort_key(context, item, given_or_none(args, 3), args.truth(2)));
    keyed.push_back({std::move(key), item});
  }
  SOTTO_TRY(sort_by_key(context, keyed, args.truth(1)));
  return items_of(context, std::move(keyed));
}

Result<Value> filter_dictsort(Context& context, const Args& args) {
  const Dict* map = args[0].dict();
  if (map == nullptr) return type_error("dictsort wants a dict", args[0]);
  SOTTO_ASSIGN(const std::string_view by, args.text(2, "key"));
  if (by != "key" && by != "value") return failure("dictsort sorts by key or by value");
  std::vector<Keyed> keyed;
  for (const auto& [key, value] : map->entries) {
    const Value& chosen = by == "key" ? key : value;
    SOTTO_ASSIGN(Value order, args.truth(1) ? Result<Value>(chosen) : fold_case(context, chosen));
    SOTTO_ASSIGN(Value pair, context.list({key, value}, Sequence::Kind::tuple));
    keyed.push_back({std::move(order), std::move(pair)});
  }
  SOTTO_TRY(sort_by_key(context, keyed, args.truth(3)));
  return items_of(context, std::move(keyed));
}

Result<Value> filter_unique(Context& context, const Args& args) {
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  std::vector<Keyed> seen;
  for (const Value& item : list->items) {
    SOTTO_ASSIGN(Value key, key_of(context, item, given_or_none(args, 2), args.truth(1)));
    const bool known = std::any_of(seen.begin(), seen.end(), [&](const Keyed& entry) { return equal(context, entry.key, key); });
    SOTTO_TRY(context.check_work());
    if (!known) seen.push_back({std::move(key), item});
  }
  return items_of(context, std::move(seen), Sequence::Kind::generator);
}

/// Pairs of a key and the list of items that have it, in the order of the keys.
Result<Value> filter_groupby(Context& context, const Args& args) {
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  std::vector<Keyed> keyed;
  for (const Value& item : list->items) {
    SOTTO_ASSIGN(Value key, lookup(context, item, args[1], args.get(2)));
    if (!args.truth(3)) {
      SOTTO_ASSIGN(key, fold_case(context, key));
    }
    keyed.push_back({std::move(key), item});
  }
  SOTTO_TRY(sort_by_key(context, keyed, false));
  std::vector<Value> groups;
  for (size_t start = 0; start < keyed.size();) {
    std::vector<Value> members = {keyed[start].item};
    const Value key = keyed[start++].key;
    for (; start < keyed.size() && equal(context, keyed[start].key, key); ++start) members.push_back(keyed[start].item);
    SOTTO_TRY(context.check_work());
    // The key as the first item has it, not without its case.
    SOTTO_ASSIGN(Value shown, lookup(context, members.front(), args[1], args.get(2)));
    SOTTO_ASSIGN(Value group, context.list(std::move(members)));
    SOTTO_ASSIGN(Value pair, context.list({std::move(shown), std::move(group)}, Sequence::Kind::tuple));
    pair.sequence()->is_group = true;
    groups.push_back(std::move(pair));
  }
  return context.list(std::move(groups));
}

}  // namespace sotto::jinja
