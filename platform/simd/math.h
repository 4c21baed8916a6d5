// exp, tanh and the functions made of them, on registers of any target with the same bits. Polynomials are our own fits
// (Chebyshev, 40 digits); errors against double precision stand at each function: of all floats above 2^-6, every 37th below.
#pragma once

#include "simd/vec.h"

namespace sotto::simd {

/// c[0] + c[1]*x + c[2]*x^2 ...
template <class Arch, size_t n>
SOTTO_INLINE Vec<Arch> polynomial(Vec<Arch> x, const float (&c)[n]) {
  Vec<Arch> sum = Vec<Arch>::broadcast(c[n - 1]);
  for (size_t i = n - 1; i-- > 0;) sum = sum * x + Vec<Arch>::broadcast(c[i]);
  return sum;
}

/// At most 1.05 ulp on [-87, 88.72]; zero below, infinity above, NaN stays NaN.
template <class Arch>
SOTTO_INLINE Vec<Arch> exp(Vec<Arch> x) {
  using V = Vec<Arch>;
  const V low = V::broadcast(-87.0f), high = V::broadcast(88.72283f);
  // Adding 1.5 * 2^23 rounds to an integer n and leaves it in the low bits. ln 2 in two parts: n times the first, of 9 bits, is
  // exact.
  const V shift = V::broadcast(12582912.0f);
  const V shifted = x * V::broadcast(0x1.715476p+0f) + shift;
  const V n = shifted - shift;
  const V r = (x - n * V::broadcast(0.693359375f)) - n * V::broadcast(-2.12194440e-4f);
  const V tail = polynomial(r, {0.5f, 0.166665760623f, 0.0416665534587f, 0.00836333308218f, 0.00139263759958f});
  const V y = add_to_exponent(tail * (r * r) + r + V::broadcast(1.0f), shifted);
  return select(x < low, V::broadcast(0.0f), select(x <= high, y, x + V::broadcast(std::bit_cast<float>(0x7f800000u))));
}

/// 1 / (1 + exp(-x))
template <class Arch>
SOTTO_INLINE Vec<Arch> over_one_plus_exp(Vec<Arch> numerator, Vec<Arch> x) {
  return numerator / (Vec<Arch>::broadcast(1.0f) + exp(x));
}

/// At most 1.35 ulp.
template <class Arch>
SOTTO_INLINE Vec<Arch> tanh(Vec<Arch> x) {
  using V = Vec<Arch>;
  const V size = abs(x), zero = V::broadcast(0.0f), one = V::broadcast(1.0f);
  const V square = x * x;
  const V near = polynomial(
      square, {-0.333333331494f, 0.133333001462f, -0.0539584616272f, 0.0217625029062f, -0.00832318705535f, 0.00226950168151f});
  const V far = one - over_one_plus_exp(V::broadcast(2.0f), size + size);
  return select(size < V::broadcast(0.625f), near * square * x + x, select(x < zero, zero - far, far));
}

/// exp(z*z) * erfc(z) for z >= 0, as a polynomial in t = 2 / (2 + z): both factors of the tail keep their relative precision.
template <class Arch>
SOTTO_INLINE Vec<Arch> scaled_erfc(Vec<Arch> z) {
  using V = Vec<Arch>;
  const V t = V::broadcast(2.0f) / (V::broadcast(2.0f) + z);
  return t * polynomial(t, {0.282085000334f, 0.282337657471f, 0.244290890203f, 0.190841468103f, 0.0353941389972f, 0.0830384845706f,
                            -0.0997799668499f, -0.205483180257f, 0.32371595552f, -0.168284948699f, 0.0318445025128f});
}

/// At most 2.45 ulp down to -88.7; -0 below, where the value is above -3e-37.
template <class Arch>
SOTTO_INLINE Vec<Arch> silu(Vec<Arch> x) {
  return over_one_plus_exp(x, Vec<Arch>::broadcast(0.0f) - x);
}

/// x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))) / 2: at most 2.6 ulp from -1 on. Below, where the rounding of the exponent
/// counts, the error is less than 5e-8.
template <class Arch>
SOTTO_INLINE Vec<Arch> gelu_tanh(Vec<Arch> x) {
  using V = Vec<Arch>;
  return over_one_plus_exp(x, x * (V::broadcast(-1.5957691216057308f) - V::broadcast(0.07135481627260025f) * (x * x)));
}

/// x * (1 + erf(x / sqrt(2))) / 2: at most 6.2 ulp from -1 on; below, the error is less than 7e-8.
template <class Arch>
SOTTO_INLINE Vec<Arch> gelu_erf(Vec<Arch> x) {
  using V = Vec<Arch>;
  const V half = V::broadcast(0.5f), zero = V::broadcast(0.0f);
  const V tail = half * (exp(zero - half * (x * x)) * scaled_erfc(abs(x) * V::broadcast(0.7071067811865476f)));
  return x * select(x < zero, tail, V::broadcast(1.0f) - tail);
}

}  // namespace sotto::simd
