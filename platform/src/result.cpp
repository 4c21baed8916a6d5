#include "sotto/result.h"

#include "sotto/cancel.h"

namespace sotto {

std::string_view to_string(ErrorCode code) noexcept {
  constexpr std::string_view kNames[] = {
      "invalid_argument", "not_found",     "io_error",          "bad_model",      "unsupported",
      "integrity_error",  "out_of_memory", "context_overflow",  "template_error", "tokenizer_error",
      "numeric_fault",    "cancelled",     "deadline_exceeded", "concurrent_use", "internal",
  };
  static_assert(std::size(kNames) == static_cast<size_t>(ErrorCode::internal) + 1);
  return kNames[static_cast<size_t>(code)];
}

ErrorBox::ErrorBox(Error&& error) : error_(new Error(std::move(error))) {}
ErrorBox::ErrorBox(const Error& error) : error_(new Error(error)) {}
ErrorBox::ErrorBox(const ErrorBox& other) : error_(other.error_ ? new Error(*other.error_) : nullptr) {}
void ErrorBox::destroy() noexcept {
  delete error_;
}

Status RunControl::check() const {
  if (cancel.cancelled()) return Error{ErrorCode::cancelled, "cancelled by the caller", ""};
  if (deadline.passed()) return Error{ErrorCode::deadline_exceeded, "the deadline has passed", ""};
  return {};
}

}  // namespace sotto
