// Filters, tests, methods and functions: rows of constexpr tables. A row's `parameters` is its signature, in words: `name` must be
// given, `name?` may be, `/name` is taken by position only, `*` takes further positional arguments and `**` further named ones. For
// filters, tests and methods the first parameter is the value they are applied to.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sotto/result.h"
#include "text/jinja/context.h"

namespace sotto::jinja {

struct Named {
  std::string_view name;
  Value value;
};

/// Arguments in the order of the row's parameters.
struct Args {
  static constexpr size_t kMax = 6;

  const Value& operator[](size_t i) const noexcept { return *slots[i]; }  // one that must be given
  const Value* get(size_t i) const noexcept { return slots[i]; }          // nullptr when not given
  bool truth(size_t i, bool otherwise = false) const noexcept { return slots[i] == nullptr ? otherwise : slots[i]->truth(); }
  Result<int64_t> integer(size_t i, int64_t otherwise) const;
  /// Errors: not a string. The view lives as long as the arguments.
  Result<std::string_view> text(size_t i, std::string_view otherwise = {}) const;

  std::array<const Value*, kMax> slots{};
  std::span<const Value> rest;
  std::span<const Named> named;
};

using Native = Result<Value> (*)(Context&, const Args&);

struct NativeRow {
  std::string_view name;
  std::string_view parameters;
  Native run;
};

extern const std::span<const NativeRow> kFilters;
extern const std::span<const NativeRow> kTests;
extern const std::span<const NativeRow> kFunctions;
extern const std::span<const NativeRow> kTextMethods;
extern const std::span<const NativeRow> kListMethods;
extern const std::span<const NativeRow> kDictMethods;
extern const std::span<const NativeRow> kLoopMethods;

/// nullptr when there is none.
const NativeRow* find_native(std::span<const NativeRow> table, std::string_view name) noexcept;

/// Binds the arguments to the row's parameters and runs it. Errors: the arguments do not fit; the function's own.
Result<Value> call_native(Context& context, const NativeRow& row, std::span<const Value> positional, std::span<const Named> named);

}  // namespace sotto::jinja
