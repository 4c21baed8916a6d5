#include <algorithm>

#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"

namespace sotto::jinja {

Status Interpreter::step(const Instruction& instruction) {
  context_.work(1);
  SOTTO_TRY(context_.check_work());
  if (stack_.size() > kMaxStackValues) return failure("an expression of more than " + std::to_string(kMaxStackValues) + " values");
  const auto a = static_cast<uint32_t>(instruction.a);
  switch (instruction.op) {
    case Op::constant:
      return push(program_.constants[a]), Status{};
    case Op::load:
      return push(load(a)), Status{};
    case Op::store:
      return store(a, pop()), Status{};
    case Op::store_member:
      return store_member(a);
    case Op::print: {
      const Value value = pop();
      if (const std::string* text = value.text()) return write(*text);
      SOTTO_ASSIGN(const std::string text, to_text(value));
      return write(text);
    }
    case Op::print_text:
      return write(*program_.constants[a].text());
    case Op::attribute: {
      const Value value = pop();
      SOTTO_ASSIGN(Value found, attribute(context_, value, program_.names[a]));
      return push(found.is_undefined() ? Value(Undefined{&program_.names[a]}) : std::move(found)), Status{};
    }
    case Op::item: {
      const Value key = pop(), value = pop();
      return push_result(item(context_, value, key));
    }
    case Op::slice: {
      const Value step = pop(), stop = pop(), start = pop(), value = pop();
      return push_result(slice(context_, value, start, stop, step));
    }
    case Op::binary: {
      const Value y = pop(), x = pop();
      return push_result(binary(context_, static_cast<Binary>(a), x, y));
    }
    case Op::negate:
      return push_result(negate(pop()));
    case Op::positive:
      return push_result(positive(pop()));
    case Op::logical_not:
      return push(Value(!pop().truth())), Status{};
    case Op::compare:
    case Op::compare_chain: {
      Value y = pop();
      const Value x = pop();
      SOTTO_ASSIGN(const bool holds, compare(context_, static_cast<Comparison>(instruction.b), x, y));
      if (instruction.op == Op::compare_chain && holds) return push(std::move(y)), Status{};
      if (instruction.op == Op::compare_chain) jump(instruction);
      return push(Value(holds)), Status{};
    }
    case Op::make_list:
    case Op::make_tuple: {
      std::vector<Value> items(std::make_move_iterator(stack_.end() - static_cast<ptrdiff_t>(a)),
                               std::make_move_iterator(stack_.end()));
      stack_.resize(stack_.size() - a);
      return push_result(
          context_.list(std::move(items), instruction.op == Op::make_list ? Sequence::Kind::list : Sequence::Kind::tuple));
    }
    case Op::make_dict:
      return push_result(make_dict(a));
    case Op::unpack:
      return unpack(a);
    case Op::jump:
      return jump(instruction), Status{};
    case Op::jump_if_false:
      if (!pop().truth()) jump(instruction);
      return {};
    case Op::and_jump:
    case Op::or_jump:
      if (stack_.back().truth() == (instruction.op == Op::or_jump)) return jump(instruction), Status{};
      return stack_.pop_back(), Status{};
    case Op::skip_if_bound: {
      const auto& bound = scope_->variables;
      if (std::any_of(bound.begin(), bound.end(), [&](const auto& variable) { return variable.first == instruction.b; }))
        jump(instruction);
      return {};
    }
    case Op::enter_scope:
      return enter_scope(scope_), Status{};
    case Op::leave_scope:
      return leave_scope(), Status{};
    case Op::begin_capture:
      return buffers_.emplace_back(), Status{};
    case Op::end_capture:
      return push_result(end_capture());
    case Op::drop_capture:
      return buffers_.pop_back(), Status{};
    case Op::call:
      return call(program_.calls[a]);
    case Op::filter:
      return apply(program_.calls[a], "filter");
    case Op::test:
      return apply(program_.calls[a], "test");
    case Op::make_macro:
      return make_macro(program_.macros[a]);
    case Op::return_:
      return return_from_macro();
    default:
      return step_loop(instruction);
  }
}

Status Interpreter::step_loop(const Instruction& instruction) {
  if (instruction.op == Op::iterate) {
    SOTTO_ASSIGN(SequenceRef items, iterate(context_, pop()));
    loops_.push_back({std::move(items), 0, {}, nullptr});
    return {};
  }
  ActiveLoop& loop = loops_.back();
  switch (instruction.op) {
    case Op::filter_next:
      if (loop.next == loop.items->items.size()) {
        SOTTO_ASSIGN(const Value kept, context_.list(std::move(loop.kept)));
        loop.items = *kept.as<SequenceRef>();
        loop.next = 0;
        return jump(instruction), Status{};
      }
      enter_scope(scope_);
      return push(loop.items->items[loop.next++]), Status{};
    case Op::filter_keep:
      if (pop().truth()) loop.kept.push_back(loop.items->items[loop.next - 1]);
      return leave_scope(), Status{};
    case Op::loop_next: {
      if (loop.next == loop.items->items.size()) return jump(instruction), Status{};
      Scope& scope = enter_scope(scope_);
      if (loop.variable == nullptr) {
        loop.variable = std::make_shared<Loop>(Loop{loop.items});
        if (instruction.b != 0) {
          loop.variable->recursion = frames_.back().macro;
          loop.variable->depth = frames_.back().depth;
        }
      }
      loop.variable->index = loop.next;
      scope.variables.emplace_back(kLoopName, Value(loop.variable));
      return push(loop.items->items[loop.next++]), Status{};
    }
    case Op::loop_end:
      if (!loop.items->items.empty()) jump(instruction);
      break;
    default:
      break;
  }
  return loops_.pop_back(), Status{};
}

}  // namespace sotto::jinja
