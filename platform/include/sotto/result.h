// Error and Result<T>: how every fallible call of Sotto answers. No exceptions are thrown by Sotto;
// the names are those of std::expected. An Error carries a code a program can act on, one sentence for
// people, and `where`: the key, tensor, field, option, offset or file the sentence is about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace sotto {

/// Causes a caller can act on. The text form (`to_string`) is part of the API: it is what the command line prints
/// and what JavaScript sees as `error.code`.
enum class ErrorCode : uint8_t {
  invalid_argument,   // an option or argument is out of range, unknown or inconsistent
  not_found,          // a file, model name or key does not exist
  io_error,           // the operating system or the network refused a read or a write
  bad_model,          // bytes of a model file are malformed, truncated or inconsistent
  unsupported,        // well-formed, but a type, version, architecture or feature this build does not compute
  integrity_error,    // a checksum or size differs from what was promised
  out_of_memory,      // an allocation failed, or would exceed the memory budget
  context_overflow,   // more tokens than the context holds
  template_error,     // a chat template does not parse, exceeds its limits, or raised an error
  tokenizer_error,    // text or ids cannot be converted by this vocabulary
  numeric_fault,      // a non-finite number where a finite one is required
  cancelled,          // the caller's cancel token was triggered
  deadline_exceeded,  // the caller's deadline passed
  concurrent_use,     // a session was used by two threads at once
  internal,           // a defect in Sotto
};

/// Stable snake_case name, for example "bad_model".
std::string_view to_string(ErrorCode code) noexcept;

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // one sentence, without the code, without a trailing newline
  std::string where;    // key, tensor, field, option, "file:offset"; may be empty
};

/// An Error behind one pointer, or none: results are small because of it, and so is the code that hands errors on. The module of a
/// page lost 13 % of its bytes when it stopped to move and destroy the fields of an Error that hardly ever is.
class ErrorBox {
 public:
  ErrorBox() = default;
  explicit ErrorBox(Error&& error);
  explicit ErrorBox(const Error& error);
  ErrorBox(const ErrorBox& other);
  ErrorBox(ErrorBox&& other) noexcept : error_(std::exchange(other.error_, nullptr)) {}
  ErrorBox& operator=(ErrorBox other) noexcept {
    std::swap(error_, other.error_);
    return *this;
  }
  ~ErrorBox() {
    if (error_) destroy();
  }
  Error* get() const noexcept { return error_; }

 private:
  void destroy() noexcept;
  Error* error_ = nullptr;
};

/// Either a T or an Error.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : value_(std::move(value)) {}
  Result(Error&& error) : error_(std::move(error)) {}
  Result(const Error& error) : error_(error) {}
  Result(ErrorBox&& error) noexcept : error_(std::move(error)) {}  // of another Result: SOTTO_TRY
  template <class U>
    requires(std::is_convertible_v<U, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error> && !std::is_same_v<std::remove_cvref_t<U>, ErrorBox> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result>)
  Result(U&& value) : value_(std::in_place, std::forward<U>(value)) {}

  bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  // Precondition of operator*, operator-> and error(): the matching state, as with std::expected.
  T& operator*() & noexcept { return *value_; }
  const T& operator*() const& noexcept { return *value_; }
  T&& operator*() && noexcept { return std::move(*value_); }
  T* operator->() noexcept { return &*value_; }
  const T* operator->() const noexcept { return &*value_; }
  Error& error() & noexcept { return *error_.get(); }
  const Error& error() const& noexcept { return *error_.get(); }
  Error&& error() && noexcept { return std::move(*error_.get()); }
  ErrorBox&& boxed_error() && noexcept { return std::move(error_); }

  template <class U>
  T value_or(U&& fallback) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(fallback));
  }

 private:
  std::optional<T> value_;
  ErrorBox error_;
};

/// Success or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error&& error) : error_(std::move(error)) {}
  Result(const Error& error) : error_(error) {}
  Result(ErrorBox&& error) noexcept : error_(std::move(error)) {}

  bool has_value() const noexcept { return !error_.get(); }
  explicit operator bool() const noexcept { return has_value(); }
  Error& error() & noexcept { return *error_.get(); }
  const Error& error() const& noexcept { return *error_.get(); }
  Error&& error() && noexcept { return std::move(*error_.get()); }
  ErrorBox&& boxed_error() && noexcept { return std::move(error_); }

 private:
  ErrorBox error_;
};

using Status = Result<void>;

}  // namespace sotto

#define SOTTO_CONCAT_INNER(a, b) a##b
#define SOTTO_CONCAT(a, b) SOTTO_CONCAT_INNER(a, b)

/// Returns the error of `expression` (a Status or Result) to the caller, or goes on.
#define SOTTO_TRY(expression)                                                                          \
  do {                                                                                                 \
    if (auto sotto_status = (expression); !sotto_status) return std::move(sotto_status).boxed_error(); \
  } while (false)

/// Declares `declaration` with the value of a Result, or returns its error: SOTTO_ASSIGN(auto file, open_file(path));
#define SOTTO_ASSIGN(declaration, expression) SOTTO_ASSIGN_INNER(SOTTO_CONCAT(sotto_result_, __LINE__), declaration, expression)
#define SOTTO_ASSIGN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                               \
  if (!temporary) return std::move(temporary).boxed_error();   \
  declaration = std::move(*temporary)
