#include <algorithm>

#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"

namespace sotto::jinja {

/// Takes the arguments of a call off the stack.
Result<Interpreter::Arguments> Interpreter::take_arguments(const Call& call) {
  Arguments taken;
  const size_t start = stack_.size() - call.arguments.size();
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    Value& value = stack_[start + i];
    switch (call.arguments[i].kind) {
      case CallArgument::Kind::positional:
        taken.positional.push_back(std::move(value));
        break;
      case CallArgument::Kind::named:
        taken.named.push_back({program_.names[call.arguments[i].name], std::move(value)});
        break;
      case CallArgument::Kind::star: {
        SOTTO_ASSIGN(const SequenceRef list, iterate(context_, value));
        taken.positional.insert(taken.positional.end(), list->items.begin(), list->items.end());
        break;
      }
      case CallArgument::Kind::double_star: {
        const Dict* map = value.dict();
        if (map == nullptr) return type_error("** wants a dict", value);
        for (const auto& [key, member] : map->entries) {
          if (key.text() == nullptr) return type_error("names of arguments must be strings", key);
          taken.named.push_back({*key.text(), member});
        }
        taken.holders.push_back(std::move(value));
        break;
      }
    }
  }
  if (taken.positional.size() + taken.named.size() > kMaxStackValues) return failure("a call with too many arguments");
  stack_.resize(start);
  return taken;
}

Status Interpreter::call(const Call& call) {
  SOTTO_ASSIGN(Arguments arguments, take_arguments(call));
  const Value callee = pop();
  Value caller;
  if (call.has_caller) caller = pop();
  if (const MacroRef* macro = callee.as<MacroRef>()) return enter_macro(*macro, arguments, call.has_caller ? &caller : nullptr);
  if (call.has_caller) return type_error("a call block wants a macro", callee);
  if (const BoundRef* bound = callee.as<BoundRef>()) {
    arguments.positional.insert(arguments.positional.begin(), (*bound)->self);
    return push_result(call_native(context_, *(*bound)->method, arguments.positional, arguments.named));
  }
  if (const auto* function = callee.as<const NativeRow*>())
    return push_result(call_native(context_, **function, arguments.positional, arguments.named));
  if (const LoopRef* loop = callee.as<LoopRef>(); loop != nullptr && (*loop)->recursion != nullptr) {
    SOTTO_TRY(enter_macro((*loop)->recursion, arguments, nullptr));
    frames_.back().depth = (*loop)->depth + 1;
    return {};
  }
  if (callee.is_undefined()) return undefined_error(callee);
  return failure("'" + std::string(callee.type_name()) + "' object is not callable");
}

/// A filter or test: a function whose first argument is the value.
Status Interpreter::apply(const Call& call, std::string_view kind) {
  if (call.native == nullptr) return failure("no " + std::string(kind) + " named '" + program_.names[call.name] + "'");
  SOTTO_ASSIGN(Arguments arguments, take_arguments(call));
  arguments.positional.insert(arguments.positional.begin(), pop());
  return push_result(call_native(context_, *call.native, arguments.positional, arguments.named));
}

Status Interpreter::bind(const MacroCode& code, const Arguments& arguments, Scope& scope) {
  const std::string& macro = program_.names[code.name];
  const auto& given = arguments.positional;
  const size_t n_given = std::min(given.size(), code.parameters.size());
  if (given.size() > n_given && !code.uses_varargs) return failure("macro '" + macro + "' got too many arguments");
  for (size_t i = 0; i < n_given; ++i) scope.variables.emplace_back(code.parameters[i].name, given[i]);
  std::vector<Dict::Entry> others;
  for (const Named& argument : arguments.named) {
    context_.work(static_cast<int64_t>(code.parameters.size()));
    const auto parameter = std::find_if(code.parameters.begin(), code.parameters.end(),
                                        [&](const MacroCode::Parameter& p) { return program_.names[p.name] == argument.name; });
    if (parameter != code.parameters.end()) {
      const auto bound = [&](const auto& variable) { return variable.first == parameter->name; };
      if (std::any_of(scope.variables.begin(), scope.variables.end(), bound))
        return failure("macro '" + macro + "' got two values for " + std::string(argument.name));
      scope.variables.emplace_back(parameter->name, argument.value);
    } else if (code.uses_kwargs) {
      SOTTO_ASSIGN(Value name, context_.text(std::string(argument.name)));
      SOTTO_TRY(put_entry(context_, others, std::move(name), argument.value));
    } else {
      return failure("macro '" + macro + "' has no parameter " + std::string(argument.name));
    }
  }
  for (const MacroCode::Parameter& parameter : code.parameters) {
    const auto bound = [&](const auto& variable) { return variable.first == parameter.name; };
    if (!parameter.has_default && std::none_of(scope.variables.begin(), scope.variables.end(), bound))
      scope.variables.emplace_back(parameter.name, Value(Undefined{&program_.names[parameter.name]}));
  }
  if (code.uses_varargs) {
    SOTTO_ASSIGN(Value rest, context_.list({given.begin() + static_cast<ptrdiff_t>(n_given), given.end()}, Sequence::Kind::tuple));
    scope.variables.emplace_back(kVarargsName, std::move(rest));
  }
  if (code.uses_kwargs) {
    SOTTO_ASSIGN(Value rest, context_.dict(std::move(others)));
    scope.variables.emplace_back(kKwargsName, std::move(rest));
  }
  return {};
}

Status Interpreter::enter_macro(const MacroRef& macro, const Arguments& arguments, const Value* caller) {
  const MacroCode& code = *macro->code;
  if (frames_.size() == kMaxCallDepth) return failure("macros calling each other deeper than " + std::to_string(kMaxCallDepth));
  if (caller != nullptr && !code.uses_caller) return failure("macro '" + program_.names[code.name] + "' does not use caller");
  frames_.push_back({ip_, scope_, macro});
  Scope& scope = enter_scope(macro->scope);
  SOTTO_TRY(bind(code, arguments, scope));
  if (code.uses_caller) scope.variables.emplace_back(kCallerName, caller == nullptr ? Value() : *caller);
  buffers_.emplace_back();
  ip_ = code.start;
  return {};
}

Status Interpreter::return_from_macro() {
  SOTTO_TRY(push_result(end_capture()));
  leave_scope();
  ip_ = frames_.back().return_to;
  scope_ = frames_.back().scope;
  frames_.pop_back();
  return {};
}

}  // namespace sotto::jinja
