// Value: what a template computes with, as in Python: immutable, shared by reference. Only namespaces change, and belong to the
// Context together with loops' scopes, so that no cycle of owners can arise. Undefined is a value that prints as nothing.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sotto/result.h"
#include "text/jinja/limits.h"

namespace sotto::jinja {

class Value;
struct NativeRow;
struct MacroCode;
struct Scope;

/// Counts the bytes of values that exist; what holds a Charge gives its bytes back when it dies.
struct Charge {
  Charge() = default;
  Charge(size_t* live, size_t n) noexcept : live_bytes(live), bytes(n) { *live_bytes += bytes; }
  Charge(Charge&& other) noexcept : live_bytes(std::exchange(other.live_bytes, nullptr)), bytes(other.bytes) {}
  Charge& operator=(Charge&& other) noexcept {
    std::swap(live_bytes, other.live_bytes);
    std::swap(bytes, other.bytes);
    return *this;
  }
  ~Charge() {
    if (live_bytes != nullptr) *live_bytes -= bytes;
  }
  void add(Charge&& more) noexcept {
    bytes += more.bytes;
    more.live_bytes = nullptr;
  }
  size_t* live_bytes = nullptr;
  size_t bytes = 0;
};

struct Undefined {
  const std::string* name = nullptr;  // for messages: what was looked up; owned by the program
};
struct None {};
struct Text;
struct Sequence;
struct Dict;
struct Macro;
struct Bound;
struct Loop;
struct Namespace;

using TextRef = std::shared_ptr<const Text>;
using SequenceRef = std::shared_ptr<const Sequence>;
using DictRef = std::shared_ptr<const Dict>;
using MacroRef = std::shared_ptr<const Macro>;
using BoundRef = std::shared_ptr<const Bound>;
using LoopRef = std::shared_ptr<Loop>;

class Value {
 public:
  Value() = default;
  Value(Undefined v) : v_(v) {}
  Value(None v) : v_(v) {}
  Value(std::same_as<bool> auto v) : v_(v) {}
  Value(std::same_as<int64_t> auto v) : v_(v) {}
  Value(std::same_as<double> auto v) : v_(v) {}
  Value(TextRef v) : v_(std::move(v)) {}
  Value(SequenceRef v) : v_(std::move(v)) {}
  Value(DictRef v) : v_(std::move(v)) {}
  Value(MacroRef v) : v_(std::move(v)) {}
  Value(BoundRef v) : v_(std::move(v)) {}
  Value(LoopRef v) : v_(std::move(v)) {}
  Value(Namespace* v) : v_(v) {}
  Value(const NativeRow* v) : v_(v) {}

  template <class T>
  const T* as() const noexcept {
    return std::get_if<T>(&v_);
  }
  template <class T>
  bool is() const noexcept {
    return std::holds_alternative<T>(v_);
  }

  const std::string* text() const noexcept;
  const Sequence* sequence() const noexcept { return is<SequenceRef>() ? as<SequenceRef>()->get() : nullptr; }
  const Dict* dict() const noexcept { return is<DictRef>() ? as<DictRef>()->get() : nullptr; }
  bool is_undefined() const noexcept { return is<Undefined>(); }
  bool is_none() const noexcept { return is<None>(); }
  /// Integers and, as in Python, booleans.
  const int64_t* integer(int64_t& storage) const noexcept;
  bool is_number() const noexcept { return is<bool>() || is<int64_t>() || is<double>(); }
  double number() const noexcept;  // of a number

  bool truth() const noexcept;
  std::string_view type_name() const noexcept;  // Python's
  size_t depth() const noexcept;                // 0 for what holds no other value
  /// Steps that handling it once is worth.
  int64_t weight() const noexcept;

 private:
  std::variant<Undefined, None, bool, int64_t, double, TextRef, SequenceRef, DictRef, MacroRef, BoundRef, LoopRef, Namespace*,
               const NativeRow*>
      v_;
};

struct Text {
  std::string text;
  Charge charge = {};
};

/// Everything iterable but texts and dicts. A generator can be read once: `read` is how far it has been.
struct Sequence {
  enum class Kind : uint8_t { list, tuple, range, keys, values, items, generator };
  std::vector<Value> items;
  Kind kind = Kind::list;
  size_t depth = 1;
  mutable size_t read = 0;
  mutable bool is_group = false;  // a pair that groupby made: its items are also attributes, grouper and list
  Charge charge = {};

  bool is_indexable() const noexcept { return kind <= Kind::range; }
};

struct Dict {
  using Entry = std::pair<Value, Value>;
  std::vector<Entry> entries;  // in order of insertion
  size_t depth = 1;
  Charge charge = {};

  const Value* find(std::string_view key) const noexcept;
};

struct Macro {
  const MacroCode* code;
  Scope* scope;  // where it was defined; kept by the interpreter
};

/// A method and the value it belongs to.
struct Bound {
  const NativeRow* method;
  Value self;
};

struct Loop {
  SequenceRef items;
  size_t index = 0;          // of the current item, from 0
  MacroRef recursion = {};   // what loop() calls; nullptr when the loop is not recursive
  size_t depth = 0;          // of such calls
  std::string changed = {};  // what loop.changed() saw last, printed
  Charge charge = {};        // of `changed`
};

struct Namespace {
  std::vector<std::pair<std::string, Value>> members;
  Charge charge = {};
};

}  // namespace sotto::jinja
