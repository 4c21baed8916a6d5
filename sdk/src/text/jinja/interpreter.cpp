#include "text/jinja/interpreter.h"

#include <algorithm>

#include "text/jinja/lexer.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"

namespace sotto::jinja {
namespace {

Result<Value> from_json(Context& context, const formats::Json& json) {  // json nests at most 64 deep
  if (const bool* flag = json.as_bool()) return Value(*flag);
  if (const int64_t* whole = json.as_int()) return Value(*whole);
  if (const uint64_t* large = std::get_if<uint64_t>(&json.value()))
    return failure("an integer beyond 64 bits: " + std::to_string(*large));
  if (const double* real = json.as_double()) return Value(*real);
  if (const std::string* text = json.as_string()) return context.text(*text);
  if (const auto* array = json.as_array()) {
    std::vector<Value> items;
    items.reserve(array->size());
    for (const formats::Json& item : *array) {
      SOTTO_ASSIGN(Value value, from_json(context, item));
      items.push_back(std::move(value));
    }
    return context.list(std::move(items));
  }
  if (const auto* object = json.as_object()) {
    std::vector<Dict::Entry> entries;
    entries.reserve(object->size());
    for (const auto& [name, member] : *object) {
      SOTTO_ASSIGN(Value key, context.text(name));
      SOTTO_ASSIGN(Value value, from_json(context, member));
      entries.emplace_back(std::move(key), std::move(value));
    }
    return context.dict(std::move(entries));
  }
  return Value(None{});
}

}  // namespace

Interpreter::Interpreter(const Program& program, std::string_view source, int64_t now_unix_seconds)
    : program_(program), source_(source), context_(now_unix_seconds) {}

Result<std::string> Interpreter::run(const formats::Json::Object& variables) {
  std::vector<std::pair<std::string_view, const formats::Json*>> by_name;
  for (const auto& [name, value] : variables) by_name.emplace_back(name, &value);
  std::sort(by_name.begin(), by_name.end());
  globals_.reserve(program_.names.size());
  for (const std::string& name : program_.names) {
    const auto given =
        std::lower_bound(by_name.begin(), by_name.end(), std::pair<std::string_view, const formats::Json*>(name, nullptr));
    if (given != by_name.end() && given->first == name) {
      SOTTO_ASSIGN(Value value, from_json(context_, *given->second));
      globals_.push_back(std::move(value));
    } else if (const NativeRow* function = find_native(kFunctions, name)) {
      globals_.push_back(Value(function));
    } else {
      globals_.push_back(Value(Undefined{&name}));
    }
  }
  buffers_.emplace_back();
  SOTTO_TRY(execute());
  return std::move(buffers_.front());
}

Status Interpreter::execute() {
  while (ip_ < program_.code.size()) {
    const Instruction& instruction = program_.code[ip_++];
    if (Status status = step(instruction); !status) {
      Error error = std::move(status).error();
      error.where = place(source_, instruction.position);
      return error;
    }
  }
  return {};
}

Value Interpreter::pop() {
  Value value = std::move(stack_.back());
  stack_.pop_back();
  return value;
}

Status Interpreter::push_result(Result<Value> result) {
  if (!result) return std::move(result).error();
  push(std::move(*result));
  return {};
}

Status Interpreter::write(std::string_view text) {
  if (text.size() > kMaxOutputBytes - written_bytes_)
    return failure("more than " + std::to_string(kMaxOutputBytes) + " bytes of output");
  written_bytes_ += text.size();
  buffers_.back() += text;
  context_.work(static_cast<int64_t>(text.size() / kBytesPerStep));
  return {};
}

Scope& Interpreter::enter_scope(Scope* parent) {
  scopes_.push_back(std::make_unique<Scope>());
  scope_ = scopes_.back().get();
  scope_->parent = parent;
  return *scope_;
}

void Interpreter::leave_scope() {
  scope_ = scopes_.back()->parent;
  if (scopes_.back()->pinned) pinned_.push_back(std::move(scopes_.back()));
  scopes_.pop_back();
}

Value Interpreter::load(uint32_t name) {
  for (const Scope* scope = scope_; scope != nullptr; scope = scope->parent) {
    context_.work(static_cast<int64_t>(scope->variables.size() / 8));
    for (const auto& [variable, value] : scope->variables)
      if (variable == name) return value;
  }
  return globals_[name];
}

void Interpreter::store(uint32_t name, Value value) {
  if (scope_ == nullptr) {
    globals_[name] = std::move(value);
    return;
  }
  context_.work(static_cast<int64_t>(scope_->variables.size() / 8));
  for (auto& [variable, held] : scope_->variables) {
    if (variable == name) return static_cast<void>(held = std::move(value));
  }
  scope_->variables.emplace_back(name, std::move(value));
}

Status Interpreter::store_member(uint32_t name) {
  const Value target = pop();
  Value value = pop();
  const auto* space = target.as<Namespace*>();
  if (space == nullptr) return type_error("attributes can be set on namespaces only", target);
  return context_.set_member(**space, program_.names[name], std::move(value));
}

Status Interpreter::make_macro(const MacroCode& code) {
  SOTTO_ASSIGN(Charge charge, context_.charge(sizeof(Macro) + sizeof(Scope)));
  pin_charges_.push_back(std::move(charge));
  for (Scope* scope = scope_; scope != nullptr && !scope->pinned; scope = scope->parent) scope->pinned = true;
  push(Value(std::make_shared<const Macro>(Macro{&code, scope_})));
  return {};
}

Status Interpreter::unpack(size_t n) {
  SOTTO_ASSIGN(const SequenceRef list, iterate(context_, pop()));
  if (list->items.size() != n)
    return failure(std::to_string(list->items.size()) + " values cannot be unpacked into " + std::to_string(n));
  stack_.insert(stack_.end(), list->items.rbegin(), list->items.rend());
  return {};
}

Result<Value> Interpreter::make_dict(size_t n) {
  const size_t start = stack_.size() - 2 * n;
  std::vector<Dict::Entry> entries;
  entries.reserve(n);
  for (size_t i = start; i < stack_.size(); i += 2)
    SOTTO_TRY(put_entry(context_, entries, std::move(stack_[i]), std::move(stack_[i + 1])));
  stack_.resize(start);
  return context_.dict(std::move(entries));
}

Result<Value> Interpreter::end_capture() {
  std::string text = std::move(buffers_.back());
  buffers_.pop_back();
  return context_.text(std::move(text));
}

}  // namespace sotto::jinja
