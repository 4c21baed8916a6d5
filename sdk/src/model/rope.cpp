#include "model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sotto::model {
namespace {

// YaRN: dimensions that turn often inside the original context keep their frequency, those that hardly turn are interpolated,
// a linear ramp lies between.
void apply_yarn(const RopeSpec& rope, size_t rotary_dim, std::vector<double>& frequencies) {
  const double dim = static_cast<double>(rotary_dim);
  const auto dimension_of = [&](double rotations) {
    return dim * std::log(rope.original_context / (rotations * 2 * std::numbers::pi)) / (2 * std::log(rope.theta));
  };
  double low = dimension_of(rope.beta_fast), high = dimension_of(rope.beta_slow);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, dim - 1);
  if (low == high) high += 0.001;
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    frequencies[i] = frequencies[i] / rope.factor * ramp + frequencies[i] * (1 - ramp);
  }
}

// Llama 3: long wavelengths are stretched by the factor, short ones kept, those between blended.
void apply_llama3(const RopeSpec& rope, std::vector<double>& frequencies) {
  for (double& frequency : frequencies) {
    const double turns = rope.original_context * frequency / (2 * std::numbers::pi);
    const double blend = (turns - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
    const double kept = std::clamp(blend, 0.0, 1.0);
    frequency = (1 - kept) * frequency / rope.factor + kept * frequency;
  }
}

double rounded(double number, quant::DType to) {
  const quant::TypeInfo& type = quant::info(to);
  auto value = static_cast<float>(number);
  std::byte bytes[sizeof(float)];
  type.encode(&value, 1, bytes);
  type.decode(bytes, 1, &value);
  return value;
}

}  // namespace

std::vector<double> rope_frequencies(const RopeSpec& rope, size_t rotary_dim, size_t context, const float* factors) {
  const double dim = static_cast<double>(rotary_dim);
  double theta = rope.theta;
  if (rope.scaling == RopeScaling::dynamic) {
    const double length = std::max(static_cast<double>(context), rope.original_context);
    theta *= std::pow(rope.factor * length / rope.original_context - (rope.factor - 1), dim / (dim - 2));
  }
  std::vector<double> frequencies(rotary_dim / 2);
  for (size_t i = 0; i < frequencies.size(); ++i) frequencies[i] = std::pow(theta, -2.0 * static_cast<double>(i) / dim);
  if (rope.scaling == RopeScaling::linear)
    for (double& frequency : frequencies) frequency /= rope.factor;
  if (rope.scaling == RopeScaling::yarn) apply_yarn(rope, rotary_dim, frequencies);
  if (rope.scaling == RopeScaling::llama3) apply_llama3(rope, frequencies);
  if (factors)
    for (size_t i = 0; i < frequencies.size(); ++i) frequencies[i] /= factors[i];
  if (rope.rounding)
    for (double& frequency : frequencies) frequency = rounded(frequency, *rope.rounding);
  return frequencies;
}

Status round_frequencies(ModelSpec& spec, quant::DType weights) {
  const quant::TypeInfo& type = quant::info(weights);
  if (type.block_size != 1)
    return Error{ErrorCode::invalid_argument, "round_rope is for weights of f32, f16 or bf16, these are " + std::string(type.name),
                 "round_rope"};
  for (RopeSpec& rope : spec.ropes) rope.rounding = weights;
  return {};
}

void rope_angles(const std::vector<double>& frequencies, double attention_factor, size_t position, float* cos, float* sin) {
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const double angle = static_cast<double>(position) * frequencies[i];
    cos[i] = static_cast<float>(std::cos(angle) * attention_factor);
    sin[i] = static_cast<float>(std::sin(angle) * attention_factor);
  }
}

}  // namespace sotto::model
