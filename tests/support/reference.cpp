#include "support/reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "quant/iq4_nl.h"
#include "quant/q2_k.h"
#include "quant/q3_k.h"
#include "quant/q4_0.h"
#include "quant/q4_1.h"
#include "quant/q4_k.h"
#include "quant/q5_0.h"
#include "quant/q5_1.h"
#include "quant/q5_k.h"
#include "quant/q6_k.h"
#include "quant/q8_0.h"

namespace sotto::test::reference {
namespace {

double half(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31) magnitude = fraction == 0 ? HUGE_VAL : NAN;
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

int nibble(const uint8_t* bytes, size_t byte, size_t high) {
  return bytes[byte] >> (4 * high) & 15;
}
int bits2(const uint8_t* bytes, size_t byte, size_t place) {
  return bytes[byte] >> (2 * place) & 3;
}
int bit(const uint8_t* bytes, size_t byte, size_t place) {
  return bytes[byte] >> place & 1;
}
int bit(uint32_t word, size_t place) {
  return static_cast<int>(word >> place & 1);
}

// Weight i of one block.
WeightParts part(const quant::q8_0::Block& b, size_t i) {
  return {half(b.d), b.qs[i], 0.0};
}
WeightParts part(const quant::q4_0::Block& b, size_t i) {
  return {half(b.d), nibble(b.qs, i % 16, i / 16) - 8, 0.0};
}
WeightParts part(const quant::q4_1::Block& b, size_t i) {
  return {half(b.d), nibble(b.qs, i % 16, i / 16), -half(b.m)};
}
WeightParts part(const quant::q5_0::Block& b, size_t i) {
  return {half(b.d), (nibble(b.qs, i % 16, i / 16) | bit(b.qh, i) << 4) - 16, 0.0};
}
WeightParts part(const quant::q5_1::Block& b, size_t i) {
  return {half(b.d), nibble(b.qs, i % 16, i / 16) | bit(b.qh, i) << 4, -half(b.m)};
}
WeightParts part(const quant::iq4_nl::Block& b, size_t i) {
  constexpr int kValues[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  return {half(b.d), kValues[nibble(b.qs, i % 16, i / 16)], 0.0};
}
WeightParts part(const quant::q2_k::Block& b, size_t i) {
  const int code = bits2(b.qs, 32 * (i / 128) + i % 32, i / 32 % 4);
  return {half(b.d) * (b.scales[i / 16] & 15), code, half(b.dmin) * (b.scales[i / 16] >> 4)};
}
WeightParts part(const quant::q3_k::Block& b, size_t i) {
  const size_t g = i / 16;
  const int code = (bits2(b.qs, 32 * (i / 128) + i % 32, i / 32 % 4) | bit(b.hmask, i % 32, i / 32) << 2) - 4;
  const int scale = (nibble(b.scales, g % 8, g / 8) | bits2(b.scales, 8 + g % 4, g / 4) << 4) - 32;
  return {half(b.d) * scale, code, 0.0};
}
// Six bits of scale and minimum of group g, as quant/scales_6bit.h describes their place.
int scale_6bit(const uint8_t* p, size_t g) {
  return g < 4 ? p[g] & 63 : (p[g + 4] & 15) | (p[g - 4] >> 6) << 4;
}
int minimum_6bit(const uint8_t* p, size_t g) {
  return g < 4 ? p[g + 4] & 63 : p[g + 4] >> 4 | (p[g] >> 6) << 4;
}

WeightParts part(const quant::q4_k::Block& b, size_t i) {
  const uint8_t* scales = b.scales.bytes;
  return {half(b.d) * scale_6bit(scales, i / 32), nibble(b.qs, 32 * (i / 64) + i % 32, i / 32 % 2),
          half(b.dmin) * minimum_6bit(scales, i / 32)};
}
WeightParts part(const quant::q5_k::Block& b, size_t i) {
  const uint8_t* scales = b.scales.bytes;
  const int code = nibble(b.qs, 32 * (i / 64) + i % 32, i / 32 % 2) | bit(b.qh, i % 32, i / 32) << 4;
  return {half(b.d) * scale_6bit(scales, i / 32), code, half(b.dmin) * minimum_6bit(scales, i / 32)};
}
WeightParts part(const quant::q6_k::Block& b, size_t i) {
  const int low = nibble(b.ql, 64 * (i / 128) + i % 64, i / 64 % 2), high = bits2(b.qh, 32 * (i / 128) + i % 32, i / 32 % 4);
  return {half(b.d) * b.scales[i / 16], (low | high << 4) - 32, 0.0};
}

template <class Block>
std::vector<WeightParts> parts_of(const std::byte* row, size_t n_cols, size_t block_size) {
  std::vector<WeightParts> parts;
  for (size_t i = 0; i < n_cols; ++i) {
    Block block;
    std::memcpy(&block, row + i / block_size * sizeof(Block), sizeof block);
    parts.push_back(part(block, i % block_size));
  }
  return parts;
}

std::vector<WeightParts> parts_of_floats(quant::DType type, const std::byte* row, size_t n_cols) {
  std::vector<WeightParts> parts;
  for (size_t i = 0; i < n_cols; ++i) {
    uint16_t bits = 0;
    float value = 0.0f;
    if (type == quant::DType::f32) {
      std::memcpy(&value, row + 4 * i, sizeof value);
    } else {
      std::memcpy(&bits, row + 2 * i, sizeof bits);
      const uint32_t upper = uint32_t{bits} << 16;
      if (type == quant::DType::bf16) std::memcpy(&value, &upper, sizeof value);
    }
    parts.push_back({type == quant::DType::f16 ? half(bits) : value, 1, 0.0});
  }
  return parts;
}

std::vector<double> softmax(std::vector<double> scores) {
  const double largest = *std::max_element(scores.begin(), scores.end());
  double total = 0.0;
  for (double& score : scores) total += score = std::exp(score - largest);
  for (double& score : scores) score /= total;
  return scores;
}

}  // namespace

std::vector<WeightParts> take_apart(quant::DType type, const std::byte* row, size_t n_cols) {
  using quant::DType;
  switch (type) {
    case DType::q8_0:
      return parts_of<quant::q8_0::Block>(row, n_cols, 32);
    case DType::q4_0:
      return parts_of<quant::q4_0::Block>(row, n_cols, 32);
    case DType::q4_1:
      return parts_of<quant::q4_1::Block>(row, n_cols, 32);
    case DType::q5_0:
      return parts_of<quant::q5_0::Block>(row, n_cols, 32);
    case DType::q5_1:
      return parts_of<quant::q5_1::Block>(row, n_cols, 32);
    case DType::iq4_nl:
      return parts_of<quant::iq4_nl::Block>(row, n_cols, 32);
    case DType::q2_k:
      return parts_of<quant::q2_k::Block>(row, n_cols, 256);
    case DType::q3_k:
      return parts_of<quant::q3_k::Block>(row, n_cols, 256);
    case DType::q4_k:
      return parts_of<quant::q4_k::Block>(row, n_cols, 256);
    case DType::q5_k:
      return parts_of<quant::q5_k::Block>(row, n_cols, 256);
    case DType::q6_k:
      return parts_of<quant::q6_k::Block>(row, n_cols, 256);
    default:
      return parts_of_floats(type, row, n_cols);
  }
}

RoundedRow round_activations(quant::ActivationFormat format, const float* x, size_t n) {
  const float largest_code = format == quant::ActivationFormat::i8 ? 127.0f : 32512.0f;
  RoundedRow row;
  for (size_t start = 0; start < n; start += 32) {
    float peak = 0.0f;
    for (size_t i = start; i < start + 32; ++i) peak = std::max(peak, std::fabs(x[i]));
    const float scale = peak / largest_code;
    row.scale.push_back(scale);
    for (size_t i = start; i < start + 32; ++i) {
      row.code.push_back(scale == 0.0f ? 0 : static_cast<int32_t>(std::nearbyint(static_cast<double>(x[i]) / scale)));
    }
  }
  return row;
}

Sum dot(const float* weights, const float* x, size_t n) {
  Sum sum;
  for (size_t i = 0; i < n; ++i) {
    const double term = static_cast<double>(weights[i]) * x[i];
    sum.value += term;
    sum.magnitude += std::fabs(term);
  }
  return sum;
}

Sum dot(const std::vector<WeightParts>& weights, const RoundedRow& x) {
  Sum sum;
  for (size_t start = 0; start < weights.size(); start += 16) {
    int64_t products = 0, codes = 0;
    for (size_t i = start; i < start + 16; ++i) {
      products += int64_t{weights[i].code} * x.code[i];
      codes += x.code[i];
    }
    const double scale = x.scale[start / 32];
    for (const double term : {weights[start].scale * scale * static_cast<double>(products),
                              -weights[start].minimum * scale * static_cast<double>(codes)}) {
      sum.value += term;
      sum.magnitude += std::fabs(term);
    }
  }
  return sum;
}

std::vector<double> rms_norm(const float* x, const float* weight, double eps, size_t n) {
  double squares = 0.0;
  for (size_t i = 0; i < n; ++i) squares += static_cast<double>(x[i]) * x[i];
  std::vector<double> out;
  for (size_t i = 0; i < n; ++i) {
    out.push_back(x[i] / std::sqrt(squares / static_cast<double>(n) + eps) * (weight != nullptr ? weight[i] : 1.0f));
  }
  return out;
}

std::vector<double> layer_norm(const float* x, const float* weight, const float* bias, double eps, size_t n) {
  double mean = 0.0, variance = 0.0;
  for (size_t i = 0; i < n; ++i) mean += x[i] / static_cast<double>(n);
  for (size_t i = 0; i < n; ++i) variance += (x[i] - mean) * (x[i] - mean) / static_cast<double>(n);
  std::vector<double> out;
  for (size_t i = 0; i < n; ++i) {
    out.push_back((x[i] - mean) / std::sqrt(variance + eps) * (weight != nullptr ? weight[i] : 1.0f) +
                  (bias != nullptr ? bias[i] : 0.0f));
  }
  return out;
}

std::vector<double> rope(const float* head, size_t head_dim, size_t rotary_dim, kernels::RopePairs pairs, const float* cos,
                         const float* sin) {
  std::vector<double> out(head, head + head_dim);
  for (size_t i = 0; i < rotary_dim / 2; ++i) {
    const bool halves = pairs == kernels::RopePairs::halves;
    const size_t first = halves ? i : 2 * i, second = halves ? i + rotary_dim / 2 : 2 * i + 1;
    const double x = head[first], y = head[second];
    out[first] = x * cos[i] - y * sin[i];
    out[second] = x * sin[i] + y * cos[i];
  }
  return out;
}

double activate(kernels::Activation activation, double x) {
  switch (activation) {
    case kernels::Activation::silu:
      return x / (1.0 + std::exp(-x));
    case kernels::Activation::gelu_tanh: {
      // x * (1 + tanh(u)) / 2, without the cancellation of 1 + tanh for negative u
      const double u = std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x);
      return x / (1.0 + std::exp(-2.0 * u));
    }
    case kernels::Activation::gelu_erf:
      return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case kernels::Activation::relu:
      return x < 0.0 ? 0.0 : x;
  }
  return NAN;
}

std::vector<double> attention(const AttentionQuery& q) {
  std::vector<double> scores;
  for (size_t p = q.first; p < q.end; ++p) {
    const double score = dot(q.query, q.keys + p * q.head_dim, q.head_dim).value * q.scale;
    scores.push_back(q.soft_cap == 0.0 ? score : q.soft_cap * std::tanh(score / q.soft_cap));
  }
  const std::vector<double> weights = softmax(std::move(scores));
  std::vector<double> out(q.head_dim);
  for (size_t p = q.first; p < q.end; ++p) {
    for (size_t d = 0; d < q.head_dim; ++d) out[d] += weights[p - q.first] * q.values[p * q.head_dim + d];
  }
  return out;
}

}  // namespace sotto::test::reference
