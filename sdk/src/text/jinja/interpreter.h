// Interpreter: runs a Program once. Values, calls, loops and captured output are on stacks of its own, each with a limit.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "formats/json.h"
#include "sotto/result.h"
#include "text/jinja/context.h"
#include "text/jinja/program.h"

namespace sotto::jinja {

/// Variables of a block. Those of the template itself are the interpreter's.
struct Scope {
  Scope* parent = nullptr;  // nullptr: the template
  std::vector<std::pair<uint32_t, Value>> variables;
  bool pinned = false;  // a macro refers to it: it lives until the end
};

class Interpreter {
 public:
  /// `source` for positions in errors.
  Interpreter(const Program& program, std::string_view source, int64_t now_unix_seconds);

  /// Errors: template_error; `where` is line:column.
  Result<std::string> run(const formats::Json::Object& variables);

 private:
  struct Frame {
    size_t return_to;
    Scope* scope;
    MacroRef macro;
    size_t depth = 0;  // of calls of loop()
  };
  struct ActiveLoop {
    SequenceRef items;
    size_t next = 0;
    std::vector<Value> kept;  // by the filter of the loop
    LoopRef variable;         // `loop`
  };
  struct Arguments {
    std::vector<Value> positional;
    std::vector<Named> named;
    std::vector<Value> holders;  // what the names point into
  };

  Status execute();
  Status step(const Instruction& instruction);
  Status step_loop(const Instruction& instruction);

  void push(Value value) { stack_.push_back(std::move(value)); }
  Value pop();
  Status push_result(Result<Value> result);
  void jump(const Instruction& instruction) { ip_ += static_cast<size_t>(static_cast<ptrdiff_t>(instruction.a)) - 1; }
  Status write(std::string_view text);

  Scope& enter_scope(Scope* parent);
  void leave_scope();
  Value load(uint32_t name);
  void store(uint32_t name, Value value);
  Status store_member(uint32_t name);
  Status make_macro(const MacroCode& code);

  Status unpack(size_t n);
  Result<Value> make_dict(size_t n);
  Result<Value> end_capture();
  Result<Arguments> take_arguments(const Call& call);
  Status call(const Call& call);
  Status apply(const Call& call, std::string_view kind);
  Status enter_macro(const MacroRef& macro, const Arguments& arguments, const Value* caller);
  Status bind(const MacroCode& code, const Arguments& arguments, Scope& scope);
  Status return_from_macro();

  const Program& program_;
  std::string_view source_;
  Context context_;             // outlives all values below
  std::vector<Value> globals_;  // by name
  std::vector<std::unique_ptr<Scope>> scopes_;
  std::vector<std::unique_ptr<Scope>> pinned_;
  std::vector<Charge> pin_charges_;
  Scope* scope_ = nullptr;
  std::vector<Value> stack_;
  std::vector<Frame> frames_;
  std::vector<ActiveLoop> loops_;
  std::vector<std::string> buffers_;  // output: the last one is written to
  size_t written_bytes_ = 0;
  size_t ip_ = 0;
};

}  // namespace sotto::jinja
