#include "text/jinja/format_text.h"
#include "text/jinja/natives.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"

namespace sotto::jinja {
namespace {

/// dict(other, **named): the entries of a dict or of pairs, then the named ones.
Result<std::vector<Dict::Entry>> gather_entries(Context& context, const Args& args) {
  std::vector<Dict::Entry> entries;
  if (const Value* other = args.get(0)) {
    if (const Dict* map = other->dict()) {
      entries = map->entries;
    } else {
      SOTTO_ASSIGN(const SequenceRef pairs, iterate(context, *other));
      for (const Value& pair : pairs->items) {
        SOTTO_ASSIGN(const SequenceRef two, iterate(context, pair));
        if (two->items.size() != 2) return failure("a dict is made of pairs");
        SOTTO_TRY(put_entry(context, entries, two->items[0], two->items[1]));
      }
    }
  }
  for (const Named& argument : args.named) {
    SOTTO_ASSIGN(Value name, context.text(std::string(argument.name)));
    SOTTO_TRY(put_entry(context, entries, std::move(name), argument.value));
  }
  return entries;
}

Result<Value> make_dict(Context& context, const Args& args) {
  SOTTO_ASSIGN(std::vector<Dict::Entry> entries, gather_entries(context, args));
  return context.dict(std::move(entries));
}

Result<Value> make_namespace(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::vector<Dict::Entry> entries, gather_entries(context, args));
  SOTTO_ASSIGN(const Value made, context.make_namespace());
  for (const auto& [name, value] : entries) {
    if (name.text() == nullptr) return type_error("names in a namespace must be strings", name);
    SOTTO_TRY(context.set_member(**made.as<Namespace*>(), *name.text(), value));
    SOTTO_TRY(context.check_work());
  }
  return made;
}

/// range(stop) or range(start, stop, step)
Result<Value> range(Context& context, const Args& args) {
  SOTTO_ASSIGN(const int64_t first, args.integer(0, 0));
  SOTTO_ASSIGN(const int64_t second, args.integer(1, 0));
  SOTTO_ASSIGN(const int64_t step, args.integer(2, 1));
  const int64_t start = args.get(1) == nullptr ? 0 : first, stop = args.get(1) == nullptr ? first : second;
  if (step == 0) return failure("range() wants a step other than 0");
  std::vector<Value> items;
  for (int64_t at = start; step > 0 ? at < stop : at > stop;) {
    if (items.size() == kMaxItems) return failure("a range of more than " + std::to_string(kMaxItems) + " numbers");
    items.push_back(Value(at));
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return context.list(std::move(items), Sequence::Kind::range);
}

Result<Value> raise_exception(Context&, const Args& args) {
  SOTTO_ASSIGN(std::string message, to_text(args[0]));
  return failure(std::move(message));
}

Result<Value> strftime_now(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::string_view format, args.text(0));
  SOTTO_ASSIGN(std::string text, format_time(format, context.now));
  return context.text(std::move(text));
}

constexpr NativeRow kRows[] = {
    {"dict", "other? **", make_dict},
    {"namespace", "other? **", make_namespace},
    {"raise_exception", "message", raise_exception},
    {"range", "start stop? step?", range},
    {"strftime_now", "format", strftime_now},
};

}  // namespace

const std::span<const NativeRow> kFunctions = kRows;

}  // namespace sotto::jinja
