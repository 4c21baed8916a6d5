#include <algorithm>

#include "text/jinja/numbers.h"
#include "text/jinja/parser_impl.h"

namespace sotto::jinja {
namespace {

// Binding strength, weakest first.
enum Level : int { kOr, kAnd, kNot, kCompare, kAdd, kConcatenate, kMultiply, kPower };

struct BinaryRow {
  std::string_view symbol;
  int level;
  Binary op;
};
constexpr BinaryRow kBinary[] = {
    {"+", kAdd, Binary::add},           {"-", kAdd, Binary::subtract},    {"~", kConcatenate, Binary::concatenate},
    {"*", kMultiply, Binary::multiply}, {"/", kMultiply, Binary::divide}, {"//", kMultiply, Binary::floor_divide},
    {"%", kMultiply, Binary::modulo},   {"**", kPower, Binary::power},
};

struct ComparisonRow {
  std::string_view symbol;
  Comparison op;
};
constexpr ComparisonRow kComparisons[] = {
    {"==", Comparison::equal},      {"!=", Comparison::not_equal}, {"<", Comparison::less},
    {"<=", Comparison::less_equal}, {">", Comparison::greater},    {">=", Comparison::greater_equal},
};

}  // namespace

bool Parser::expression(bool with_conditional) {
  const Nested nested(depth_);
  if (depth_ > kMaxNesting) return too_deep();
  const size_t start = here();
  if (!operators(kOr)) return false;
  for (size_t chained = depth_; with_conditional && skip_name("if"); ++chained) {
    if (chained > kMaxNesting) return too_deep();
    const Fragment value = cut(start);
    if (!operators(kOr)) return false;
    const size_t to_else = emit(Op::jump_if_false);
    append(value);
    const size_t to_end = emit(Op::jump);
    land(to_else);
    if (!skip_name("else")) {
      emit_constant(Op::constant, Value());
    } else if (!expression()) {
      return false;
    }
    land(to_end);
  }
  return true;
}

/// Its recursion for a right operand is bounded by the levels; only `not` counts as nesting.
bool Parser::operators(int min_level) {
  if (min_level <= kNot && is_name("not")) {
    const Nested nested(depth_);
    if (depth_ > kMaxNesting) return too_deep();
    next();
    if (!operators(kNot)) return false;
    emit(Op::logical_not);
  } else if (!unary(true)) {
    return false;
  }
  if (min_level <= kCompare && !comparisons()) return false;
  for (;;) {
    const bool is_or = is_name("or"), is_and = is_name("and");
    if (is_or || is_and) {
      const int level = is_or ? kOr : kAnd;
      if (level < min_level) return true;
      next();
      const size_t jump = emit(is_or ? Op::or_jump : Op::and_jump);
      if (!operators(level + 1)) return false;
      land(jump);
      continue;
    }
    const auto row = std::find_if(std::begin(kBinary), std::end(kBinary), [&](const BinaryRow& r) { return is_symbol(r.symbol); });
    if (row == std::end(kBinary) || row->level < min_level) return true;
    next();
    if (!operators(row->level + 1)) return false;
    emit(Op::binary, static_cast<size_t>(row->op));
    if (min_level <= kCompare && !comparisons()) return false;
  }
}

/// a < b <= c: each operand is evaluated once, the first false comparison ends it.
bool Parser::comparisons() {
  std::vector<size_t> chained;
  for (;;) {
    const auto row =
        std::find_if(std::begin(kComparisons), std::end(kComparisons), [&](const auto& r) { return is_symbol(r.symbol); });
    const bool negated = is_name("not") && tokens_[at_ + 1].kind == Kind::name && tokens_[at_ + 1].text == "in";
    if (row == std::end(kComparisons) && !is_name("in") && !negated) break;
    const Comparison op = row != std::end(kComparisons) ? row->op : negated ? Comparison::not_in : Comparison::in;
    next();
    if (negated) next();
    if (!chained.empty()) program_.code[chained.back()].op = Op::compare_chain;
    if (!operators(kAdd)) return false;
    chained.push_back(emit(Op::compare, static_cast<size_t>(op), static_cast<size_t>(op)));
  }
  // All but the last are links of the chain.
  for (size_t i = 0; i + 1 < chained.size(); ++i) land(chained[i]);
  return true;
}

bool Parser::unary(bool with_filters) {
  const bool minus = is_symbol("-");
  if (minus || is_symbol("+")) {
    const Nested nested(depth_);
    if (depth_ > kMaxNesting) return too_deep();
    next();
    if (!unary(false)) return false;
    emit(minus ? Op::negate : Op::positive);
  } else if (!primary()) {
    return false;
  }
  return postfix() && (!with_filters || filters());
}

bool Parser::primary() {
  if (is(Kind::name)) {
    const std::string_view name = token().text;
    if (literal()) return true;
    const uint32_t index = name_index(name);
    emit(Op::load, index);
    for (const size_t macro : macros_) {
      program_.macros[macro].uses_caller |= index == kCallerName;
      program_.macros[macro].uses_varargs |= index == kVarargsName;
      program_.macros[macro].uses_kwargs |= index == kKwargsName;
    }
    return next(), true;
  }
  if (is(Kind::string)) return string_literal();
  if (is(Kind::integer)) {
    const auto value = parse_integer(token().text, 0);
    if (!value) return fail("an integer beyond 64 bits: " + std::string(token().text.substr(0, 40)));
    emit_constant(Op::constant, Value(*value));
    return next(), true;
  }
  if (is(Kind::real)) {
    const auto value = parse_float(token().text);
    if (!value) return fail("a number out of range: " + std::string(token().text.substr(0, 40)));
    emit_constant(Op::constant, Value(*value));
    return next(), true;
  }
  if (skip_symbol("(")) return tuple(true, true) && expect_symbol(")");
  if (skip_symbol("[")) return list();
  if (skip_symbol("{")) return dict();
  return unexpected("an expression");
}

bool Parser::literal() {
  const std::string_view name = token().text;
  if (name == "true" || name == "True") {
    emit_constant(Op::constant, Value(true));
  } else if (name == "false" || name == "False") {
    emit_constant(Op::constant, Value(false));
  } else if (name == "none" || name == "None") {
    emit_constant(Op::constant, Value(None{}));
  } else {
    return false;
  }
  return next(), true;
}

bool Parser::string_literal() {
  std::string text;
  for (; is(Kind::string); next()) {
    Result<std::string> piece = unescape(token().text);
    if (!piece) return fail(piece.error().message);
    text += *piece;
  }
  emit_constant(Op::constant, Value(std::make_shared<const Text>(Text{std::move(text)})));
  return true;
}

bool Parser::list() {
  size_t n = 0;
  for (; !is_symbol("]"); ++n) {
    if (n != 0 && !expect_symbol(",")) return false;
    if (is_symbol("]")) break;
    if (!expression()) return false;
  }
  emit(Op::make_list, n);
  return expect_symbol("]");
}

bool Parser::dict() {
  size_t n = 0;
  for (; !is_symbol("}"); ++n) {
    if (n != 0 && !expect_symbol(",")) return false;
    if (is_symbol("}")) break;
    if (!expression() || !expect_symbol(":") || !expression()) return false;
  }
  emit(Op::make_dict, n);
  return expect_symbol("}");
}

bool Parser::tuple(bool with_conditional, bool in_parentheses) {
  size_t n = 0;
  bool is_tuple = false;
  for (;; is_tuple = true, next()) {
    if (is(Kind::print_end) || is(Kind::block_end) || is_symbol(")")) break;
    if (!expression(with_conditional)) return false;
    ++n;
    if (!is_symbol(",")) break;
  }
  if (!is_tuple && n == 1) return true;
  if (n == 0 && !in_parentheses) return unexpected("an expression");
  emit(Op::make_tuple, n);
  return true;
}

bool Parser::postfix() {
  for (;;) {
    if (is_symbol(".") || is_symbol("[")) {
      if (!subscript()) return false;
    } else if (is_symbol("(")) {
      if (!call()) return false;
    } else {
      return true;
    }
  }
}

bool Parser::subscript() {
  if (skip_symbol(".")) {
    if (is(Kind::name)) {
      emit(Op::attribute, name_index(token().text));
    } else if (is(Kind::integer)) {
      if (!primary()) return false;
      emit(Op::item);
      return true;
    } else {
      return unexpected("a name or a number");
    }
    return next(), true;
  }
  next();
  if (is_symbol("]")) return unexpected("an expression");
  if (!slice_part()) return false;
  if (is_symbol(":")) {
    for (int part = 0; part < 2; ++part) {
      if (!skip_symbol(":")) {
        emit_constant(Op::constant, Value(None{}));
      } else if (!slice_part()) {
        return false;
      }
    }
    emit(Op::slice);
  } else {
    emit(Op::item);
  }
  return expect_symbol("]");
}

/// An expression, or None where a slice leaves a bound out.
bool Parser::slice_part() {
  if (!is_symbol(":") && !is_symbol("]")) return expression();
  emit_constant(Op::constant, Value(None{}));
  return true;
}

bool Parser::arguments(Call& call) {
  using Argument = CallArgument::Kind;
  next();
  for (bool first = true; !is_symbol(")"); first = false) {
    if (!first && !expect_symbol(",")) return false;
    if (is_symbol(")")) break;
    CallArgument argument;
    if (!call.arguments.empty() && call.arguments.back().kind == Argument::double_star) return fail("an argument after **");
    if (skip_symbol("*")) {
      argument.kind = Argument::star;
    } else if (skip_symbol("**")) {
      argument.kind = Argument::double_star;
    } else if (is(Kind::name) && tokens_[at_ + 1].kind == Kind::symbol && tokens_[at_ + 1].text == "=") {
      argument = {Argument::named, name_index(token().text)};
      next();
      next();
    } else if (!call.arguments.empty() && call.arguments.back().kind != Argument::positional) {
      return fail("a positional argument after a named one");
    }
    if (call.arguments.size() == kMaxArguments)
      return fail("a call with more than " + std::to_string(kMaxArguments) + " arguments");
    call.arguments.push_back(argument);
    if (!expression()) return false;
  }
  return expect_symbol(")");
}

bool Parser::call() {
  Call call;
  const uint32_t position = token().position;
  if (!arguments(call)) return false;
  program_.code[emit(Op::call, program_.calls.size())].position = position;
  program_.calls.push_back(std::move(call));
  return true;
}

/// The name after "|" and its arguments; the value is on the stack.
bool Parser::filter() {
  std::string_view name;
  Call call;
  const uint32_t position = token().position;
  if (!expect_name(name)) return false;
  call.name = name_index(name);
  call.native = find_native(kFilters, name);
  if (is_symbol("(") && !arguments(call)) return false;
  program_.code[emit(Op::filter, program_.calls.size())].position = position;
  program_.calls.push_back(std::move(call));
  return true;
}

bool Parser::filters() {
  for (;;) {
    if (skip_symbol("|")) {
      if (!filter()) return false;
    } else if (skip_name("is")) {
      if (!test()) return false;
    } else if (is_symbol("(")) {
      if (!call()) return false;
    } else {
      return true;
    }
  }
}

bool Parser::test() {
  static constexpr std::string_view kNoArgument[] = {"else", "or", "and"};
  const bool negated = skip_name("not");
  std::string_view name;
  Call call;
  const uint32_t position = token().position;
  if (!expect_name(name)) return false;
  call.name = name_index(name);
  call.native = find_native(kTests, name);
  if (is_symbol("(")) {
    if (!arguments(call)) return false;
  } else if ((is(Kind::name) || is(Kind::string) || is(Kind::integer) || is(Kind::real) || is_symbol("[") || is_symbol("{")) &&
             !is_any_name(kNoArgument)) {
    if (is_name("is")) return fail("tests cannot be chained");
    if (!primary() || !postfix()) return false;
    call.arguments.push_back({});
  }
  program_.code[emit(Op::test, program_.calls.size())].position = position;
  program_.calls.push_back(std::move(call));
  if (negated) emit(Op::logical_not);
  return true;
}

}  // namespace sotto::jinja
