// The table of generation options, and the one check of them.
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "sotto/generation.h"

namespace sotto {
namespace {

using Kind = OptionInfo::Kind;

constexpr double kMaxCount = 2147483647;       // tokens: an int32 in every language binding
constexpr double kMaxSeed = 9007199254740991;  // 2^53 - 1: the last whole number that every language binding can tell from the next
constexpr size_t kMaxStops = 64, kMaxStopBytes = 4096, kMaxBiases = 65536;
constexpr size_t kMaxEntriesNamed = 8;                              // of one list; the rest is counted
constexpr int64_t kNotWhole = std::numeric_limits<int64_t>::min();  // outside every range: validate() finds it

int64_t whole_number(double value) {
  const bool fits = value >= -0x1p63 && value < 0x1p63 && value == std::trunc(value);
  return fits ? static_cast<int64_t>(value) : kNotWhole;
}

// A field type is its kind, its reading and its writing.
constexpr Kind kind_of(float) {
  return Kind::real;
}
double read(float field) {
  return field;
}
void write(float& field, double value) {
  field = static_cast<float>(value);
}

constexpr Kind kind_of(int64_t) {
  return Kind::integer;
}
double read(int64_t field) {
  return static_cast<double>(field);
}
void write(int64_t& field, double value) {
  field = whole_number(value);
}

constexpr Kind kind_of(bool) {
  return Kind::boolean;
}
double read(bool field) {
  return field ? 1 : 0;
}
void write(bool& field, double value) {
  field = value != 0;
}

// Unset is -1.
constexpr Kind kind_of(std::optional<uint64_t>) {
  return Kind::integer;
}
double read(std::optional<uint64_t> field) {
  return field ? static_cast<double>(*field) : -1;
}
void write(std::optional<uint64_t>& field, double value) {
  const int64_t whole = whole_number(value);
  if (whole == -1) {
    field.reset();
  } else {
    field = whole < 0 ? std::numeric_limits<uint64_t>::max() : static_cast<uint64_t>(whole);
  }
}

template <class Field>
constexpr Kind kind_of(Field GenerationOptions::*) {
  return kind_of(Field{});
}

template <auto field>
constexpr OptionInfo option(std::string_view name, double min, double max, std::string_view help) {
  return {name,
          help,
          kind_of(field),
          min,
          max,
          [](const GenerationOptions& options) { return read(options.*field); },
          [](GenerationOptions& options, double value) { write(options.*field, value); }};
}

using O = GenerationOptions;

constexpr std::array kOptions = {
    option<&O::max_tokens>("max_tokens", 0, kMaxCount, "at most so many new tokens"),
    option<&O::temperature>("temperature", 0, 100,
                            "flattens (above 1) or sharpens the distribution; 0: always the most likely token"),
    option<&O::top_k>("top_k", 0, kMaxCount, "draw from so many of the most likely tokens; 0: off"),
    option<&O::top_p>("top_p", 0, 1, "draw from the fewest tokens that have this probability together; 1: off"),
    option<&O::min_p>("min_p", 0, 1, "leave out tokens below this share of the best one's probability; 0: off"),
    option<&O::repeat_penalty>("repeat_penalty", 0.01f, 100,
                               "divides positive logits of recent tokens, multiplies negative ones; 1: off"),
    option<&O::frequency_penalty>("frequency_penalty", -100, 100, "taken off a token's logit for each time it is recent; 0: off"),
    option<&O::presence_penalty>("presence_penalty", -100, 100, "taken off a token's logit once if it is recent; 0: off"),
    option<&O::penalty_window>("penalty_window", -1, kMaxCount, "how many last tokens are recent, prompt included; -1: all"),
    option<&O::seed>("seed", -1, kMaxSeed, "of the random numbers; -1: unset, a new one for each request"),
    option<&O::logprobs>("logprobs", -1, 100,
                         "tell log probabilities of so many of the most likely tokens; 0: only of the chosen one; -1: none"),
    option<&O::ignore_eos>("ignore_eos", 0, 1, "go on after an end-of-generation token"),
    option<&O::parse_special>("parse_special", 0, 1, "text of a plain prompt that spells control tokens means them"),
};

std::string number_text(Kind kind, double value) {
  if (std::isnan(value)) return "nan";  // printf may say -nan
  if (kind != Kind::real && value <= static_cast<double>(kNotWhole)) return "no whole number";
  char text[40];
  std::snprintf(text, sizeof text, kind == Kind::real ? "%.6g" : "%.0f", value);
  return text;
}

class Faults {
 public:
  void add(std::string_view name, const std::string& sentence) {
    append(message_, "; ", sentence);
    if (name != last_name_) append(names_, ", ", name);
    last_name_ = name;
  }

  /// Calls fault(entry) for each entry of a list; it tells what is wrong with it, "" for nothing.
  template <class List, class Fault>
  void check_list(std::string_view name, const List& list, size_t max_size, Fault fault) {
    const std::string prefix(name);
    if (list.size() > max_size) {
      add(name, prefix + " has " + std::to_string(list.size()) + " entries, wanted at most " + std::to_string(max_size));
    }
    size_t n_faults = 0;
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string what = fault(list[i]);
      if (!what.empty() && ++n_faults <= kMaxEntriesNamed) add(name, prefix + "[" + std::to_string(i) + "] " + what);
    }
    if (n_faults > kMaxEntriesNamed) {
      add(name, prefix + " has " + std::to_string(n_faults - kMaxEntriesNamed) + " more such entries");
    }
  }

  Status status() && {
    if (message_.empty()) return {};
    return Error{ErrorCode::invalid_argument, std::move(message_), std::move(names_)};
  }

 private:
  static void append(std::string& text, std::string_view separator, std::string_view more) {
    if (!text.empty()) text += separator;
    text += more;
  }

  std::string message_, names_;
  std::string_view last_name_;
};

std::string stop_fault(const std::string& stop) {
  if (stop.empty()) return "is empty";
  if (stop.size() <= kMaxStopBytes) return {};
  return "has " + std::to_string(stop.size()) + " bytes, wanted at most " + std::to_string(kMaxStopBytes);
}

std::string bias_fault(const LogitBias& bias) {
  if (bias.token < 0) return "is for token " + std::to_string(bias.token) + ", wanted 0 or more";
  if (bias.bias < std::numeric_limits<float>::infinity()) return {};  // -infinity forbids a token
  return "adds " + number_text(Kind::real, bias.bias) + ", wanted a finite number or -inf";
}

}  // namespace

std::span<const OptionInfo> generation_options() noexcept {
  return kOptions;
}

Status GenerationOptions::validate() const {
  Faults faults;
  for (const OptionInfo& option : kOptions) {
    const double value = option.get(*this);
    if (value >= option.min && value <= option.max) continue;
    faults.add(option.name, std::string(option.name) + " is " + number_text(option.kind, value) + ", wanted " +
                                number_text(option.kind, option.min) + " to " + number_text(option.kind, option.max));
  }
  faults.check_list("logit_bias", logit_bias, kMaxBiases, bias_fault);
  faults.check_list("stop", stop, kMaxStops, stop_fault);
  return std::move(faults).status();
}

}  // namespace sotto
