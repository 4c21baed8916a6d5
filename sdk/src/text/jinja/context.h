// Context: the meters of one rendering and the maker of its values. Every value beyond a number is made here, so that their size,
// depth and number are bounded; functions that may work long tell the meter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/result.h"
#include "text/jinja/value.h"

namespace sotto::jinja {

inline Error failure(std::string message) {
  return {ErrorCode::template_error, std::move(message), ""};
}

class Context {
 public:
  explicit Context(int64_t now_unix_seconds) noexcept : now(now_unix_seconds) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Counts `steps`; false when none are left: what loops over pairs or nested values must then stop.
  bool work(int64_t steps) noexcept {
    steps_left_ = steps < steps_left_ ? steps_left_ - steps : 0;
    return steps_left_ > 0;
  }
  Status check_work() const;

  Result<Value> text(std::string string);
  Result<Value> list(std::vector<Value> items, Sequence::Kind kind = Sequence::Kind::list);
  Result<Value> dict(std::vector<Dict::Entry> entries);  // keys are distinct
  Result<Value> bound(const NativeRow* method, const Value& self);
  Result<Value> make_namespace();
  /// namespace.name = value
  Status set_member(Namespace& target, const std::string& name, Value value);
  /// Counts memory of things other than values; the Charge goes where they go.
  Result<Charge> charge(size_t bytes);

  const int64_t now;        // seconds since 1970, UTC
  size_t native_depth = 0;  // filters that run inside filters

 private:
  int64_t steps_left_ = kMaxSteps;
  size_t live_bytes_ = 0;
  std::vector<std::unique_ptr<Namespace>> namespaces_;
};

/// A text that grows up to kMaxTextBytes; what comes after that is dropped and finish() is an error.
class TextBuilder {
 public:
  void add(std::string_view piece) {
    if (piece.size() > kMaxTextBytes - text_.size()) full_ = true;
    if (!full_) text_.append(piece);
  }
  void add(size_t count, char c);
  bool full() const noexcept { return full_; }
  const std::string& so_far() const noexcept { return text_; }
  Result<Value> finish(Context& context);

 private:
  std::string text_;
  bool full_ = false;
};

}  // namespace sotto::jinja
