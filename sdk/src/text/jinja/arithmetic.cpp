#include <cmath>
#include <limits>

#include "text/jinja/characters.h"
#include "text/jinja/format_text.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"

namespace sotto::jinja {
namespace {

constexpr std::string_view kSymbols[] = {"+", "-", "*", "/", "//", "%", "**", "~"};

Error unsupported(Binary op, const Value& a, const Value& b) {
  if (a.is_undefined()) return undefined_error(a);
  if (b.is_undefined()) return undefined_error(b);
  return failure("unsupported operand types for " + std::string(kSymbols[static_cast<size_t>(op)]) + ": '" +
                 std::string(a.type_name()) + "' and '" + std::string(b.type_name()) + "'");
}

Error overflow() {
  return failure("an integer beyond 64 bits");
}

Result<Value> power(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) return failure("division by zero");
    return Value(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  int64_t result = 1;
  if (base == 0 || base == 1 || exponent == 0) return Value(exponent == 0 ? result : base);
  if (base == -1) return Value(exponent % 2 == 0 ? result : base);
  for (; exponent > 0; --exponent)  // at most 63 rounds: |base| is 2 or more
    if (__builtin_mul_overflow(result, base, &result)) return overflow();
  return Value(result);
}

Result<Value> of_integers(Binary op, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (op) {
    case Binary::add:
      if (__builtin_add_overflow(a, b, &result)) return overflow();
      return Value(result);
    case Binary::subtract:
      if (__builtin_sub_overflow(a, b, &result)) return overflow();
      return Value(result);
    case Binary::multiply:
      if (__builtin_mul_overflow(a, b, &result)) return overflow();
      return Value(result);
    case Binary::power:
      return power(a, b);
    default:
      break;
  }
  if (b == 0) return failure("division by zero");
  if (op == Binary::divide) return Value(static_cast<double>(a) / static_cast<double>(b));
  if (b == -1) {  // INT64_MIN / -1 does not fit
    if (op == Binary::modulo) return Value(result);
    return of_integers(Binary::subtract, 0, a);
  }
  // Rounded down, where C++ cuts off.
  const int64_t remainder = a % b;
  const bool down = remainder != 0 && (remainder < 0) != (b < 0);
  if (op == Binary::modulo) return Value(down ? remainder + b : remainder);
  return Value(a / b - (down ? 1 : 0));
}

Result<Value> of_floats(Binary op, double a, double b) {
  switch (op) {
    case Binary::add:
      return Value(a + b);
    case Binary::subtract:
      return Value(a - b);
    case Binary::multiply:
      return Value(a * b);
    case Binary::power:
      if (a == 0.0 && b < 0.0) return failure("division by zero");
      if (a < 0.0 && b != std::floor(b)) return failure("a root of a negative number");
      return Value(std::pow(a, b));
    default:
      break;
  }
  if (b == 0.0) return failure("division by zero");
  if (op == Binary::divide) return Value(a / b);
  double remainder = std::fmod(a, b);
  if (remainder != 0.0 && (remainder < 0.0) != (b < 0.0)) remainder += b;
  if (op == Binary::modulo) return Value(remainder == 0.0 ? std::copysign(0.0, b) : remainder);
  return Value(std::round((a - remainder) / b));
}

Result<Value> repeat(Context& context, const Value& value, int64_t count) {
  const uint64_t times = count > 0 ? static_cast<uint64_t>(count) : 0;
  if (const std::string* text = value.text()) {
    if (!text->empty() && times > kMaxTextBytes / text->size()) return failure("a string repeated too often");
    std::string out;
    out.reserve(text->size() * static_cast<size_t>(text->empty() ? 0 : times));
    for (uint64_t i = 0; i < times && !text->empty(); ++i) out += *text;
    return context.text(std::move(out));
  }
  const Sequence& list = *value.sequence();
  if (!list.items.empty() && times > kMaxItems / list.items.size()) return failure("a list repeated too often");
  std::vector<Value> items;
  items.reserve(list.items.size() * static_cast<size_t>(list.items.empty() ? 0 : times));
  for (uint64_t i = 0; i < times && !list.items.empty(); ++i) items.insert(items.end(), list.items.begin(), list.items.end());
  return context.list(std::move(items), list.kind);
}

bool is_repeatable(const Value& value) {
  return value.text() != nullptr || (value.sequence() != nullptr && value.sequence()->kind <= Sequence::Kind::tuple);
}

}  // namespace

Error undefined_error(const Value& value) {
  const Undefined* undefined = value.as<Undefined>();
  if (undefined == nullptr || undefined->name == nullptr) return failure("the value is undefined");
  return failure("'" + *undefined->name + "' is undefined");
}

Error type_error(std::string_view what, const Value& value) {
  if (value.is_undefined()) return undefined_error(value);
  return failure(std::string(what) + ", got " + std::string(value.type_name()));
}

Result<Value> binary(Context& context, Binary op, const Value& a, const Value& b) {
  if (op == Binary::concatenate) {
    SOTTO_ASSIGN(std::string left, to_text(a));
    SOTTO_ASSIGN(const std::string right, to_text(b));
    return context.text(std::move(left) + right);
  }
  if (op == Binary::modulo && a.text() != nullptr) return percent_format(context, *a.text(), b);
  int64_t left_storage = 0, right_storage = 0;
  const int64_t* left = a.integer(left_storage);
  const int64_t* right = b.integer(right_storage);
  if (left != nullptr && right != nullptr) return of_integers(op, *left, *right);
  if (a.is_number() && b.is_number()) return of_floats(op, a.number(), b.number());
  if (op == Binary::multiply && is_repeatable(a) && right != nullptr) return repeat(context, a, *right);
  if (op == Binary::multiply && left != nullptr && is_repeatable(b)) return repeat(context, b, *left);
  if (op == Binary::add && a.text() != nullptr && b.text() != nullptr) return context.text(*a.text() + *b.text());
  if (op == Binary::add && is_repeatable(a) && is_repeatable(b) && a.type_name() == b.type_name()) {
    std::vector<Value> items = a.sequence()->items;
    items.insert(items.end(), b.sequence()->items.begin(), b.sequence()->items.end());
    return context.list(std::move(items), a.sequence()->kind);
  }
  return unsupported(op, a, b);
}

Result<Value> negate(const Value& value) {
  if (const double* real = value.as<double>()) return Value(-*real);
  int64_t storage = 0;
  const int64_t* whole = value.integer(storage);
  if (whole == nullptr) return type_error("unary - wants a number", value);
  return of_integers(Binary::subtract, 0, *whole);
}

Result<Value> positive(const Value& value) {
  if (!value.is_number()) return type_error("unary + wants a number", value);
  int64_t storage = 0;
  if (const int64_t* whole = value.integer(storage)) return Value(*whole);
  return value;
}

}  // namespace sotto::jinja
