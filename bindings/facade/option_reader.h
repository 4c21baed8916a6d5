// OptionReader: options from a JSON object, strictly: a key that nobody asks for, or a value of another type, is a fault, and all
// faults are told at once. Whether a number is in range is left to the options' own validate().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/json.h"
#include "generate/options.h"

namespace sotto::facade {

class OptionReader {
 public:
  /// `object` must outlive the reader.
  explicit OptionReader(const formats::Json& object) : object_(object) {}

  /// The member, to be read by the caller; nullptr: absent or null.
  const formats::Json* take(std::string_view name);
  void fault(std::string_view name, const formats::Json& got, std::string_view wanted);

  void read(std::string_view name, bool& value);
  void read(std::string_view name, std::string& value);
  void read(std::string_view name, double& value);
  void read(std::string_view name, float& value);
  /// A whole number of at most 53 bits.
  void read(std::string_view name, int64_t& value);
  /// The same, from 0 to `max`.
  template <class Unsigned>
  void read_count(std::string_view name, Unsigned& value, uint64_t max = uint64_t{1} << 53) {
    if (const auto n = count(name, max)) value = static_cast<Unsigned>(*n);
  }

  /// After everything was asked for. Errors: invalid_argument.
  Status finish();

 private:
  std::optional<uint64_t> count(std::string_view name, uint64_t max);

  const formats::Json& object_;
  std::vector<std::string_view> known_;
  generate::OptionFaults faults_;
};

/// A whole number that a double can hold exactly, written in any way.
std::optional<int64_t> whole_number(const formats::Json& json);

}  // namespace sotto::facade
