// ChatTemplate: a conversation to the text a model was trained on, by the Jinja template the model carries. Templates are hostile
// input: values only, no host objects, limits on steps, depth and output.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/result.h"

namespace sotto {

struct Message {
  std::string role;  // "system", "user", "assistant", "tool"
  std::string content;
};

class ChatTemplate {
 public:
  struct Impl;

  /// Errors: template_error with line and column.
  static Result<ChatTemplate> parse(std::string source);

  /// `variables_json`: a JSON object; its members are the template's variables (messages, tools, add_generation_prompt, bos_token,
  /// ...). `now_unix_seconds`: what strftime_now() reads (UTC). Errors: template_error; the text of raise_exception is passed on.
  Result<std::string> render_json(std::string_view variables_json, int64_t now_unix_seconds) const;

  const std::string& source() const noexcept;

 private:
  explicit ChatTemplate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace sotto
