#include "text/jinja/parser.h"

#include <algorithm>

#include "text/jinja/context.h"
#include "text/jinja/parser_impl.h"

namespace sotto::jinja {

const Parser::Tag Parser::kTags[] = {
    {"if", &Parser::if_tag},
    {"for", &Parser::for_tag},
    {"set", &Parser::set_tag},
    {"macro", &Parser::macro_tag},
    {"call", &Parser::call_tag},
    {"filter", &Parser::filter_tag},
    {"with", &Parser::with_tag},
    {"generation", &Parser::generation_tag},
    {"print", &Parser::print_tag},
    {"break", &Parser::break_tag},
    {"continue", &Parser::continue_tag},
    {"include", &Parser::unsupported_tag},
    {"import", &Parser::unsupported_tag},
    {"from", &Parser::unsupported_tag},
    {"extends", &Parser::unsupported_tag},
    {"block", &Parser::unsupported_tag},
    {"autoescape", &Parser::unsupported_tag},
};

// Tokens

bool Parser::is_any_name(std::span<const std::string_view> names) const {
  return is(Kind::name) && std::find(names.begin(), names.end(), token().text) != names.end();
}

bool Parser::skip_symbol(std::string_view text) {
  if (!is_symbol(text)) return false;
  return next(), true;
}

bool Parser::skip_name(std::string_view text) {
  if (!is_name(text)) return false;
  return next(), true;
}

bool Parser::expect_symbol(std::string_view text) {
  return skip_symbol(text) || unexpected("'" + std::string(text) + "'");
}

bool Parser::expect_name(std::string_view& name) {
  if (!is(Kind::name)) return unexpected("a name");
  name = token().text;
  return next(), true;
}

bool Parser::expect(Kind kind, std::string_view what) {
  if (!is(kind)) return unexpected(what);
  return next(), true;
}

bool Parser::fail(std::string message) {
  error_ = {ErrorCode::template_error, std::move(message), place(source_, token().position)};
  return false;
}

bool Parser::unexpected(std::string_view wanted) {
  const bool at_end = is(Kind::end) || is(Kind::print_end) || is(Kind::block_end);
  return fail("expected " + std::string(wanted) + ", got " +
              (at_end ? "the end" : "'" + std::string(token().text.substr(0, 40)) + "'"));
}

bool Parser::too_deep() {
  return fail("nested deeper than " + std::to_string(kMaxNesting));
}

// Code

size_t Parser::emit(Op op, size_t a, size_t b) {
  program_.code.push_back({op, static_cast<int32_t>(a), static_cast<uint32_t>(b), token().position});
  return here() - 1;
}

size_t Parser::emit_constant(Op op, Value value) {
  program_.constants.push_back(std::move(value));
  return emit(op, program_.constants.size() - 1);
}

void Parser::jump_back(size_t target) {
  const auto distance = static_cast<int32_t>(here() - target);
  program_.code[emit(Op::jump)].a = -distance;
}

Parser::Fragment Parser::cut(size_t start) {
  const auto from = program_.code.begin() + static_cast<ptrdiff_t>(start);
  Fragment fragment(from, program_.code.end());
  program_.code.erase(from, program_.code.end());
  return fragment;
}

uint32_t Parser::name_index(std::string_view name) {
  const auto [entry, added] = names_.try_emplace(name, static_cast<uint32_t>(program_.names.size()));
  if (added) program_.names.emplace_back(name);
  return entry->second;
}

// Statements

bool Parser::statements(std::initializer_list<std::string_view> ends) {
  const Nested nested(depth_);
  if (depth_ > kMaxNesting) return too_deep();
  for (;;) {
    if (is(Kind::end))
      return ends.size() == 0 || fail("the template ends where '" + std::string(*(ends.end() - 1)) + "' is missing");
    if (is(Kind::data)) {
      emit_constant(Op::print_text, Value(std::make_shared<const Text>(Text{std::string(token().text)})));
      next();
    } else if (is(Kind::print_begin)) {
      next();
      if (!tuple(true)) return false;
      emit(Op::print);
      if (!expect(Kind::print_end, "'}}'")) return false;
    } else {
      next();
      if (is_any_name({ends.begin(), ends.size()})) return true;
      if (!statement() || !expect(Kind::block_end, "'%}'")) return false;
    }
  }
}

bool Parser::statement() {
  const auto tag = std::find_if(std::begin(kTags), std::end(kTags), [&](const Tag& row) { return is_name(row.name); });
  if (tag == std::end(kTags)) return unexpected("a tag");
  if (tag->parse != &Parser::unsupported_tag) next();
  return (this->*tag->parse)();
}

bool Parser::unsupported_tag() {
  return fail("the tag '" + std::string(token().text) + "' is not supported: a template stands alone");
}

Result<Program> Parser::run() {
  if (!statements({})) return std::move(error_);
  return std::move(program_);
}

Result<Program> parse(std::string_view source, const SyntaxOptions& options) {
  SOTTO_ASSIGN(std::vector<Token> tokens, tokenize(source, options));
  return Parser(source, std::move(tokens)).run();
}

}  // namespace sotto::jinja
