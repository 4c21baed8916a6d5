// The parser's class: its functions answer false once error_ is set. Expressions are in expressions.cpp, tags in parser.cpp.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/jinja/operators.h"
#include "text/jinja/parser.h"

namespace sotto::jinja {

class Parser {
 public:
  Parser(std::string_view source, std::vector<Token> tokens) : source_(source), tokens_(std::move(tokens)) {
    for (const std::string_view name : kOwnNames) name_index(name);
  }

  Result<Program> run();

 private:
  using Kind = Token::Kind;
  using Fragment = std::vector<Instruction>;

  /// One more level of nesting while it lives.
  class Nested {
   public:
    explicit Nested(size_t& depth) : depth_(depth) { ++depth_; }
    ~Nested() { --depth_; }

   private:
    size_t& depth_;
  };

  /// What a break or continue has to leave.
  struct Surrounding {
    enum class Kind : uint8_t { loop, scope, capture, macro };
    Kind kind;
    size_t next = 0;             // loop: its loop_next
    std::vector<size_t> breaks;  // loop: jumps to behind it
  };

  // Tokens
  const Token& token() const { return tokens_[at_]; }
  bool is(Kind kind) const { return token().kind == kind; }
  bool is_symbol(std::string_view text) const { return is(Kind::symbol) && token().text == text; }
  bool is_name(std::string_view text) const { return is(Kind::name) && token().text == text; }
  bool is_any_name(std::span<const std::string_view> names) const;
  void next() { at_ += at_ + 1 < tokens_.size() ? 1 : 0; }
  bool skip_symbol(std::string_view text);
  bool skip_name(std::string_view text);
  bool expect_symbol(std::string_view text);
  bool expect_name(std::string_view& name);
  bool expect(Kind kind, std::string_view what);
  bool fail(std::string message);
  bool unexpected(std::string_view wanted);
  bool too_deep();

  // Code
  size_t here() const { return program_.code.size(); }
  size_t emit(Op op, size_t a = 0, size_t b = 0);
  size_t emit_constant(Op op, Value value);
  void land(size_t jump) { program_.code[jump].a = static_cast<int32_t>(here() - jump); }
  void jump_back(size_t target);
  Fragment cut(size_t start);
  void append(const Fragment& fragment) { program_.code.insert(program_.code.end(), fragment.begin(), fragment.end()); }
  uint32_t name_index(std::string_view name);

  // Expressions: each leaves one value on the stack
  bool expression(bool with_conditional = true);
  bool operators(int min_level);
  bool comparisons();
  bool unary(bool with_filters);
  bool primary();
  bool literal();
  bool string_literal();
  bool list();
  bool dict();
  bool postfix();
  bool subscript();
  bool slice_part();
  bool arguments(Call& call);
  bool call();
  bool filter();
  bool filters();
  bool test();
  /// Comma-separated expressions: a tuple, or the one expression itself.
  bool tuple(bool with_conditional, bool in_parentheses = false);

  // Statements
  bool statements(std::initializer_list<std::string_view> ends);
  bool statement();
  bool if_tag();
  bool for_tag();
  bool set_tag();
  bool macro_tag();
  bool call_tag();
  bool filter_tag();
  bool with_tag();
  bool generation_tag();
  bool print_tag();
  bool break_tag();
  bool continue_tag();
  bool unsupported_tag();
  /// Code that takes a value from the stack into variables.
  bool target();
  bool target_item();
  bool parameters(MacroCode& macro);
  bool macro(MacroCode code, const Fragment& prologue, std::string_view end);
  bool captured(std::string_view end);
  bool leave_to_loop(size_t& loop);
  bool body(std::initializer_list<std::string_view> ends, Surrounding::Kind kind);

  struct Tag {
    std::string_view name;
    bool (Parser::*parse)();
  };
  static const Tag kTags[];

  std::string_view source_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  size_t depth_ = 0;
  Program program_;
  std::unordered_map<std::string_view, uint32_t> names_;
  std::vector<Surrounding> surroundings_;
  std::vector<size_t> macros_;  // around, outermost first
  Error error_;
};

}  // namespace sotto::jinja
