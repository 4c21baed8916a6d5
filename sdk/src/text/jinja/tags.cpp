#include <algorithm>

#include "text/jinja/parser_impl.h"

namespace sotto::jinja {

bool Parser::if_tag() {
  std::vector<size_t> to_end;
  for (;;) {
    if (!tuple(false) || !expect(Kind::block_end, "'%}'")) return false;
    const size_t to_next = emit(Op::jump_if_false);
    if (!statements({"elif", "else", "endif"})) return false;
    to_end.push_back(emit(Op::jump));
    land(to_next);
    if (skip_name("elif")) continue;
    if (skip_name("else") && !(expect(Kind::block_end, "'%}'") && statements({"endif"}))) return false;
    break;
  }
  for (const size_t jump : to_end) land(jump);
  return next(), true;
}

/// The statements of a scope or captured block, with what a break has to leave noted.
bool Parser::body(std::initializer_list<std::string_view> ends, Surrounding::Kind kind) {
  surroundings_.push_back({kind, 0, {}});
  const bool parsed = expect(Kind::block_end, "'%}'") && statements(ends);
  surroundings_.pop_back();
  return parsed;
}

bool Parser::for_tag() {
  const size_t start = here();
  if (!target()) return false;
  const Fragment bind = cut(start);
  if (std::any_of(bind.begin(), bind.end(), [](const Instruction& i) { return i.op == Op::store && i.a == int32_t{kLoopName}; }))
    return fail("a loop cannot assign to 'loop'");
  if (!skip_name("in")) return unexpected("'in'");
  if (!tuple(false)) return false;
  const Fragment iterable = cut(start);
  emit(Op::iterate);
  if (skip_name("if")) {
    const size_t filter = emit(Op::filter_next);
    append(bind);
    if (!expression()) return false;
    emit(Op::filter_keep);
    jump_back(filter);
    land(filter);
  }
  const Fragment begin = cut(start);
  const bool recursive = skip_name("recursive");
  const size_t index = program_.macros.size();
  if (recursive) {  // the loop is a macro of one parameter, which is called with the iterable; loop() calls it again
    emit(Op::jump);
    const uint32_t parameter = name_index("the iterable");  // which no template can name
    MacroCode code;
    code.name = kLoopName;
    code.parameters.push_back({parameter, false});
    code.start = static_cast<uint32_t>(here());
    program_.macros.push_back(std::move(code));
    emit(Op::load, parameter);
    surroundings_.push_back({Surrounding::Kind::macro, 0, {}});
  } else {
    append(iterable);
  }
  append(begin);
  surroundings_.push_back({Surrounding::Kind::loop, here(), {}});
  const size_t first = emit(Op::loop_next, 0, recursive);
  append(bind);
  if (!body({"else", "endfor"}, Surrounding::Kind::scope)) return false;
  const std::vector<size_t> breaks = std::move(surroundings_.back().breaks);
  surroundings_.pop_back();
  emit(Op::leave_scope);
  jump_back(first);
  land(first);
  const size_t over_else = emit(Op::loop_end);
  if (skip_name("else")) {
    emit(Op::enter_scope);
    if (!body({"endfor"}, Surrounding::Kind::scope)) return false;
    emit(Op::leave_scope);
  }
  land(over_else);
  for (const size_t jump : breaks) land(jump);
  if (recursive) {
    surroundings_.pop_back();
    emit(Op::return_);
    land(start);
    emit(Op::make_macro, index);
    append(iterable);
    emit(Op::call, program_.calls.size());
    program_.calls.emplace_back().arguments.resize(1);
    emit(Op::print);
  }
  return next(), true;
}

/// Emits what leaves everything up to the innermost loop, which is still to be ended or continued.
bool Parser::leave_to_loop(size_t& loop) {
  for (loop = surroundings_.size(); loop-- > 0;) {
    const Surrounding::Kind kind = surroundings_[loop].kind;
    if (kind == Surrounding::Kind::loop) return true;
    if (kind == Surrounding::Kind::macro) break;
    if (kind == Surrounding::Kind::capture) emit(Op::drop_capture);
    emit(Op::leave_scope);
  }
  return fail("break and continue belong into a loop");
}

bool Parser::break_tag() {
  size_t loop = 0;
  if (!leave_to_loop(loop)) return false;
  emit(Op::loop_break);
  surroundings_[loop].breaks.push_back(emit(Op::jump));
  return true;
}

bool Parser::continue_tag() {
  size_t loop = 0;
  if (!leave_to_loop(loop)) return false;
  jump_back(surroundings_[loop].next);
  return true;
}

bool Parser::target() {
  const size_t start = here();
  size_t n = 0;
  bool is_tuple = false;
  for (;; is_tuple = true, next()) {
    if ((n != 0 && is_name("in")) || is(Kind::block_end) || is_symbol(")") || is_symbol("=")) break;
    if (!target_item()) return false;
    ++n;
    if (!is_symbol(",")) break;
  }
  if (n == 0) return unexpected("a variable");
  if (!is_tuple) return true;
  const Fragment items = cut(start);
  emit(Op::unpack, n);
  append(items);
  return true;
}

bool Parser::target_item() {
  const Nested nested(depth_);
  if (depth_ > kMaxNesting) return too_deep();
  if (skip_symbol("(")) return target() && expect_symbol(")");
  static constexpr std::string_view kConstants[] = {"true", "True", "false", "False", "none", "None"};
  if (!is(Kind::name) || is_any_name(kConstants)) return unexpected("a variable to assign to");
  const uint32_t name = name_index(token().text);
  next();
  if (!skip_symbol(".")) {
    emit(Op::store, name);
    return true;
  }
  std::string_view member;
  if (!expect_name(member)) return false;
  emit(Op::load, name);
  emit(Op::store_member, name_index(member));
  return true;
}

/// A block whose output becomes a value.
bool Parser::captured(std::string_view end) {
  emit(Op::enter_scope);
  emit(Op::begin_capture);
  if (!body({end}, Surrounding::Kind::capture)) return false;
  emit(Op::end_capture);
  emit(Op::leave_scope);
  return next(), true;
}

bool Parser::set_tag() {
  const size_t start = here();
  if (!target()) return false;
  const Fragment store = cut(start);
  if (skip_symbol("=")) {
    if (!tuple(true)) return false;
  } else {
    if (skip_symbol("|") && !(filter() && filters())) return false;
    const Fragment applied = cut(start);
    if (!captured("endset")) return false;
    append(applied);
  }
  append(store);
  return true;
}

bool Parser::filter_tag() {
  const size_t start = here();
  if (!filter() || !filters()) return false;
  const Fragment applied = cut(start);
  if (!captured("endfilter")) return false;
  append(applied);
  emit(Op::print);
  return true;
}

bool Parser::with_tag() {
  std::vector<Fragment> targets;
  while (!is(Kind::block_end)) {
    if (!targets.empty() && !expect_symbol(",")) return false;
    const size_t at = here();
    if (!target_item()) return false;
    targets.push_back(cut(at));
    if (!expect_symbol("=") || !expression()) return false;
  }
  emit(Op::enter_scope);
  for (size_t i = targets.size(); i-- > 0;) append(targets[i]);
  if (!body({"endwith"}, Surrounding::Kind::scope)) return false;
  emit(Op::leave_scope);
  return next(), true;
}

bool Parser::generation_tag() {
  emit(Op::enter_scope);
  if (!body({"endgeneration"}, Surrounding::Kind::scope)) return false;
  emit(Op::leave_scope);
  return next(), true;
}

bool Parser::print_tag() {
  if (!tuple(true)) return false;
  emit(Op::print);
  return true;
}

/// The signature; leaves the code of the defaults, which each macro begins with.
bool Parser::parameters(MacroCode& macro) {
  if (!expect_symbol("(")) return false;
  while (!is_symbol(")")) {
    if (!macro.parameters.empty() && !expect_symbol(",")) return false;
    if (is_symbol(")")) break;
    std::string_view name;
    if (!expect_name(name)) return false;
    const uint32_t index = name_index(name);
    for (const MacroCode::Parameter& other : macro.parameters)
      if (other.name == index) return fail("two parameters named '" + std::string(name) + "'");
    const bool has_default = skip_symbol("=");
    if (has_default) {
      const size_t skip = emit(Op::skip_if_bound, 0, index);
      if (!expression()) return false;
      emit(Op::store, index);
      land(skip);
    } else if (!macro.parameters.empty() && macro.parameters.back().has_default) {
      return fail("a parameter without a default after one with a default");
    }
    macro.parameters.push_back({index, has_default});
  }
  return expect_symbol(")");
}

/// The macro from its body on: `prologue` is the code of its defaults. Leaves the code that makes a value of it.
bool Parser::macro(MacroCode code, const Fragment& prologue, std::string_view end) {
  const size_t index = program_.macros.size();
  const size_t over = emit(Op::jump);
  code.start = static_cast<uint32_t>(here());
  program_.macros.push_back(std::move(code));
  append(prologue);
  macros_.push_back(index);
  if (!body({end}, Surrounding::Kind::macro)) return false;
  macros_.pop_back();
  emit(Op::return_);
  land(over);
  emit(Op::make_macro, index);
  return next(), true;
}

bool Parser::macro_tag() {
  const size_t start = here();
  std::string_view name;
  MacroCode code;
  if (!expect_name(name)) return false;
  code.name = name_index(name);
  if (!parameters(code)) return false;
  const Fragment prologue = cut(start);
  if (!macro(code, prologue, "endmacro")) return false;
  emit(Op::store, code.name);
  return true;
}

/// The block is a macro that the called one gets as `caller`.
bool Parser::call_tag() {
  const size_t start = here();
  MacroCode code;
  code.name = name_index("caller");
  if (is_symbol("(") && !parameters(code)) return false;
  const Fragment prologue = cut(start);
  if (!is(Kind::name)) return unexpected("the call of a macro");
  if (!unary(false)) return false;
  const Fragment called = cut(start);
  if (called.back().op != Op::call) return unexpected("the call of a macro");
  program_.calls[static_cast<size_t>(called.back().a)].has_caller = true;
  if (!macro(code, prologue, "endcall")) return false;
  append(called);
  emit(Op::print);
  return true;
}

}  // namespace sotto::jinja
