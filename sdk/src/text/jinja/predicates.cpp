#include <algorithm>

#include "text/jinja/characters.h"
#include "text/jinja/natives.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"

namespace sotto::jinja {
namespace {

using Predicate = bool (*)(const Value&);

template <Predicate predicate>
Result<Value> check(Context&, const Args& args) {
  return Value(predicate(args[0]));
}

template <Comparison comparison>
Result<Value> comparing(Context& context, const Args& args) {
  SOTTO_ASSIGN(const bool holds, compare(context, comparison, args[0], args[1]));
  return Value(holds);
}

bool is_callable(const Value& v) {
  return v.is_undefined() || v.is<MacroRef>() || v.is<BoundRef>() || v.is<LoopRef>() || v.is<const NativeRow*>();
}
bool is_iterable(const Value& v) {
  return v.is_undefined() || v.text() != nullptr || v.dict() != nullptr || v.sequence() != nullptr;
}
bool is_sequence(const Value& v) {
  return v.is_undefined() || v.text() != nullptr || v.dict() != nullptr ||
         (v.sequence() != nullptr && v.sequence()->is_indexable());
}
bool is_flag(const Value& v, bool wanted) {
  return v.is<bool>() && *v.as<bool>() == wanted;
}

/// All letters, of which there is one at least, stay as `convert` makes them.
Result<Value> has_case(const Args& args, std::string (*convert)(std::string_view), std::string (*other)(std::string_view)) {
  SOTTO_ASSIGN(const std::string text, to_text(args[0]));
  return Value(convert(text) == text && other(text) != text);
}

Result<Value> test_lower(Context&, const Args& args) {
  return has_case(args, lower, upper);
}
Result<Value> test_upper(Context&, const Args& args) {
  return has_case(args, upper, lower);
}

Result<Value> remainder(Context& context, const Args& args, const Value& divisor, int64_t wanted) {
  SOTTO_ASSIGN(const Value rest, binary(context, Binary::modulo, args[0], divisor));
  return Value(equal(context, rest, Value(wanted)));
}

Result<Value> test_divisibleby(Context& context, const Args& args) {
  return remainder(context, args, args[1], 0);
}
Result<Value> test_even(Context& context, const Args& args) {
  return remainder(context, args, Value(int64_t{2}), 0);
}
Result<Value> test_odd(Context& context, const Args& args) {
  return remainder(context, args, Value(int64_t{2}), 1);
}

/// The same object. Numbers and strings are one object when they are equal and of one type.
Result<Value> test_sameas(Context& context, const Args& args) {
  const Value &a = args[0], &b = args[1];
  if (a.sequence() != nullptr || a.dict() != nullptr) return Value(a.sequence() == b.sequence() && a.dict() == b.dict());
  return Value(a.type_name() == b.type_name() && equal(context, a, b));
}

Result<Value> test_filter(Context&, const Args& args) {
  SOTTO_ASSIGN(const std::string_view name, args.text(0));
  return Value(find_native(kFilters, name) != nullptr);
}

Result<Value> test_test(Context&, const Args& args) {
  SOTTO_ASSIGN(const std::string_view name, args.text(0));
  return Value(find_native(kTests, name) != nullptr);
}

constexpr NativeRow kRows[] = {
    {"!=", "value other", comparing<Comparison::not_equal>},
    {"<", "value other", comparing<Comparison::less>},
    {"<=", "value other", comparing<Comparison::less_equal>},
    {"==", "value other", comparing<Comparison::equal>},
    {">", "value other", comparing<Comparison::greater>},
    {">=", "value other", comparing<Comparison::greater_equal>},
    {"boolean", "value", check<[](const Value& v) { return v.is<bool>(); }>},
    {"callable", "value", check<is_callable>},
    {"defined", "value", check<[](const Value& v) { return !v.is_undefined(); }>},
    {"divisibleby", "value num", test_divisibleby},
    {"eq", "value other", comparing<Comparison::equal>},
    {"equalto", "value other", comparing<Comparison::equal>},
    {"escaped", "value", check<[](const Value&) { return false; }>},
    {"even", "value", test_even},
    {"false", "value", check<[](const Value& v) { return is_flag(v, false); }>},
    {"filter", "value", test_filter},
    {"float", "value", check<[](const Value& v) { return v.is<double>(); }>},
    {"ge", "value other", comparing<Comparison::greater_equal>},
    {"greaterthan", "value other", comparing<Comparison::greater>},
    {"gt", "value other", comparing<Comparison::greater>},
    {"in", "value seq", comparing<Comparison::in>},
    {"integer", "value", check<[](const Value& v) { return v.is<int64_t>(); }>},
    {"iterable", "value", check<is_iterable>},
    {"le", "value other", comparing<Comparison::less_equal>},
    {"lessthan", "value other", comparing<Comparison::less>},
    {"lower", "value", test_lower},
    {"lt", "value other", comparing<Comparison::less>},
    {"mapping", "value", check<[](const Value& v) { return v.dict() != nullptr; }>},
    {"ne", "value other", comparing<Comparison::not_equal>},
    {"none", "value", check<[](const Value& v) { return v.is_none(); }>},
    {"number", "value", check<[](const Value& v) { return v.is_number(); }>},
    {"odd", "value", test_odd},
    {"sameas", "value other", test_sameas},
    {"sequence", "value", check<is_sequence>},
    {"string", "value", check<[](const Value& v) { return v.text() != nullptr; }>},
    {"test", "value", test_test},
    {"true", "value", check<[](const Value& v) { return is_flag(v, true); }>},
    {"undefined", "value", check<[](const Value& v) { return v.is_undefined(); }>},
    {"upper", "value", test_upper},
};

}  // namespace

const std::span<const NativeRow> kTests = kRows;

}  // namespace sotto::jinja
