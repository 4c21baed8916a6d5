// Program: a template as instructions for a stack machine. Jumps are relative, so that a piece of code can be moved while parsing.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/natives.h"
#include "text/jinja/value.h"

namespace sotto::jinja {

/// Stack effects in comments: before -> after. `a` is the instruction's operand.
enum class Op : uint8_t {
  constant,       // -> constants[a]
  load,           // -> variable names[a], or Undefined
  store,          // value ->              names[a] in the innermost scope
  store_member,   // value, namespace ->   names[a] of a namespace
  print,          // value ->              appended to the output
  print_text,     // ->                    constants[a], a string, appended to the output
  attribute,      // value -> value.names[a]
  item,           // value, key -> value[key]
  slice,          // value, start, stop, step -> value[start:stop:step]
  binary,         // x, y -> x op y        a is a Binary
  negate,         // x -> -x
  positive,       // x -> +x
  logical_not,    // x -> not x
  compare,        // x, y -> bool          a is a Comparison
  compare_chain,  // x, y -> y, or -> False, jump  when x op y is false; b is a Comparison
  make_list,      // a items -> list
  make_tuple,     // a items -> tuple
  make_dict,      // a keys and values -> dict
  unpack,         // sequence of a items -> the items, first on top
  jump,           // ip += a
  jump_if_false,  // x ->                  jump when not x
  and_jump,       // x -> x, jump  or  ->  keeps x and jumps when it is false
  or_jump,        // x -> x, jump  or  ->  keeps x and jumps when it is true
  call,           // callee, arguments -> result              calls[a]
  filter,         // value, arguments -> result               calls[a]
  test,           // value, arguments -> bool                 calls[a]
  make_macro,     // -> macro                                 macros[a]
  skip_if_bound,  // jumps when the parameter names[b] was given: over its default
  return_,        // ends a macro: what it printed is the result of the call
  enter_scope,    // a new innermost scope
  leave_scope,
  begin_capture,  // output goes to a new buffer
  end_capture,    // -> the buffer's text
  drop_capture,   // the buffer is thrown away: break out of a captured block
  iterate,        // iterable ->                              a loop over it begins, before its first item
  filter_next,    // -> item               enters a scope; at the end of the items jumps, with the kept ones as the loop's items
  filter_keep,    // condition ->          keeps the current item if true; leaves the scope
  loop_next,      // -> item               enters a scope with `loop`; at the end jumps; b: loop() calls the macro around
  loop_end,       // the loop is over; jumps when it had items (over the else part)
  loop_break,     // the loop is over
};

struct Instruction {
  Op op;
  int32_t a = 0;  // for jumps: the distance
  uint32_t b = 0;
  uint32_t position = 0;  // byte offset in the source
};

struct CallArgument {
  enum class Kind : uint8_t { positional, named, star, double_star };
  Kind kind = Kind::positional;
  uint32_t name = 0;  // named: index into names
};

struct Call {
  std::vector<CallArgument> arguments;  // as they lie on the stack
  bool has_caller = false;              // a macro to hand over as `caller` lies below the callee
  uint32_t name = 0;                    // of the filter or test
  const NativeRow* native = nullptr;    // the filter or test; nullptr when there is none of that name
};

struct MacroCode {
  struct Parameter {
    uint32_t name;
    bool has_default;
  };
  uint32_t name = 0;
  std::vector<Parameter> parameters;
  uint32_t start = 0;  // set when the program is complete
  bool uses_caller = false, uses_varargs = false, uses_kwargs = false;
};

/// Names the interpreter itself gives values to: the first of every program.
inline constexpr std::string_view kOwnNames[] = {"loop", "caller", "varargs", "kwargs"};
inline constexpr uint32_t kLoopName = 0, kCallerName = 1, kVarargsName = 2, kKwargsName = 3;

struct Program {
  std::vector<Instruction> code;
  std::vector<Value> constants;
  std::vector<std::string> names;
  std::vector<Call> calls;
  std::vector<MacroCode> macros;
};

}  // namespace sotto::jinja
