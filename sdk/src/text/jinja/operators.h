// Python's operators on values: arithmetic, comparison, membership, attributes, items, slices, iteration.
#pragma once

#include <cstdint>
#include <vector>

#include "sotto/result.h"
#include "text/jinja/context.h"

namespace sotto::jinja {

enum class Binary : uint8_t { add, subtract, multiply, divide, floor_divide, modulo, power, concatenate };
enum class Comparison : uint8_t { equal, not_equal, less, less_equal, greater, greater_equal, in, not_in };

Result<Value> binary(Context& context, Binary op, const Value& a, const Value& b);
Result<Value> negate(const Value& value);
/// +value: of a number only.
Result<Value> positive(const Value& value);

Result<bool> compare(Context& context, Comparison op, const Value& a, const Value& b);
/// False, too, when no steps are left: the interpreter stops then.
bool equal(Context& context, const Value& a, const Value& b);
Result<bool> less(Context& context, const Value& a, const Value& b);

/// value.name; Undefined when there is none. Errors: `value` is Undefined.
Result<Value> attribute(Context& context, const Value& value, const std::string& name);
/// value[key]; Undefined when there is none. Errors: `value` is Undefined.
Result<Value> item(Context& context, const Value& value, const Value& key);
/// value[start:stop:step], each an integer or None.
Result<Value> slice(Context& context, const Value& value, const Value& start, const Value& stop, const Value& step);

/// What a loop over `value` gives, as a list; reads a generator to its end.
Result<SequenceRef> iterate(Context& context, const Value& value);

/// Sets key to value among the entries of a dict in the making. Errors: a key that cannot be one.
Status put_entry(Context& context, std::vector<Dict::Entry>& entries, Value key, Value value);

Error undefined_error(const Value& value);
Error type_error(std::string_view what, const Value& value);

}  // namespace sotto::jinja
