// Products of a coded weight type with rounded activations. Sums of 32 (or 16) columns are exact integers; they join a float sum in
// column order, product and sum rounded apart: the same bits on every target, for every tile shape.
#pragma once

#include "kernels/activations.inl.h"
#include "kernels/coded_layout.inl.h"
#include "kernels/tiles.inl.h"

namespace sotto::kernels {

template <class Arch, class Packing>
struct CodedProduct {
  using Layout = CodedLayout<Arch, Packing>;
  using I = typename Layout::I;
  using V = typename Layout::V;
  using Register = typename I::Register;
  using Record = ActivationRecord<I>;
  static constexpr size_t kRows = Layout::kRows, kVectors = Layout::kVectors;

  static constexpr int kZero = Layout::kHasCodebook ? Layout::kBookZero : Packing::kZero;
  static_assert(kZero == 0 || !Layout::kWide);  // sums of 16-bit activations do not fit in 16 bits
  // Steps whose products fit in 16 bits together: a pair is at most 2 * 127 * largest code.
  static constexpr size_t kPairSteps = Layout::kHasCodebook ? 1 : 32767 / (2 * 127 * ((1 << Packing::kBits) - 1));
  static constexpr size_t kGroupSteps = Layout::kSteps / Layout::kGroups;
  static constexpr bool kPairs = I::kDot == simd::ByteDot::pairs;
  static constexpr size_t kSpan = !kPairs || kPairSteps > kGroupSteps ? kGroupSteps
                                  : kPairSteps >= 8                   ? 8
                                  : kPairSteps >= 4                   ? 4
                                  : kPairSteps >= 2                   ? 2
                                                                      : 1;
  static constexpr bool kOnePart = kSpan == kGroupSteps;               // all products of a group fit in 16 bits together
  static constexpr size_t kTurns = kGroupSteps / Layout::kStepsApart;  // of the rolled loop
  static constexpr bool kRolled = Arch::kRolledSteps && kTurns > 0 && (!kPairs || kTurns <= kSpan);

  template <size_t M, size_t N>
  static SOTTO_INLINE void sum(const TileArgs& args, V (&sums)[kVectors][M]) {
    const size_t n = N != 0 ? N : args.n, first = N != 0 ? 0 : args.first;
    for (auto& row : sums)
      for (V& sum : row) sum = V::broadcast(0.0f);
    const std::byte* block = args.group;
    Record x{args.tile, n};
    for (size_t column = 0; column < args.n_cols; column += Packing::kBlock, block += Layout::kBlockBytes) {
      const std::byte* record = block + Layout::kHeadBytes;
      for (size_t i = 0; i < Layout::kRecords; ++i, record += Layout::kRecordBytes, x.record += Record::kTokenBytes * n) {
        unroll<Layout::kGroups>([&](auto g) __attribute__((always_inline)) { add_group<M, g>(block, record, x, first, sums); });
      }
    }
  }

 private:
  template <size_t M, size_t g>
  static SOTTO_INLINE void add_group(const std::byte* block, const std::byte* record, const Record& x, size_t first,
                                     V (&sums)[kVectors][M]) {
    Register dots[kVectors][M];
    for (auto& row : dots)
      for (Register& dot : row) dot = I::splat(0);
    if constexpr (kRolled) {
      add_rolled<M, g>(record, x, first, dots);
    } else {
      unroll<kGroupSteps / kSpan>(
          [&](auto span) __attribute__((always_inline)) { add_span<M, g * kGroupSteps + span * kSpan>(record, x, first, dots); });
    }
    // To be multiplied with the sums of both halves, or with that of half g.
    constexpr uint32_t kMinusZero = static_cast<uint16_t>(-kZero);
    const Register zero = I::splat(static_cast<int32_t>(Layout::kGroups == 1 ? kMinusZero * 0x10001 : kMinusZero << 16 * g));
    for (size_t v = 0; v < kVectors; ++v) {
      constexpr bool kHalfStep = requires { Packing::kHalfStep; };
      const V scale = Layout::scales(block, record, g, v);
      V offset{};
      if constexpr (kHalfStep) offset = scale * V::broadcast(0.5f);
      if constexpr (Packing::kHasOffset) offset = Layout::offsets(block, record, g, v);
      for (size_t t = 0; t < M; ++t) {
        Register dot = dots[v][t];
        if constexpr (kZero != 0) dot = simd::dot16(dot, zero, x.half_sums(first + t));
        V sum = sums[v][t] + I::to_float(dot) * (scale * V::broadcast(x.scale(first + t)));
        if constexpr (kHalfStep || Packing::kHasOffset) sum = sum + offset * V::broadcast(scaled_sum<g>(x, first + t));
        sums[v][t] = sum;
      }
    }
  }

  template <size_t M, size_t begin>
  static SOTTO_INLINE void add_span(const std::byte* record, const Record& x, size_t first, Register (&dots)[kVectors][M]) {
    Register part[kVectors][M];
    unroll<kSpan>([&](auto i) __attribute__((always_inline)) {
      constexpr size_t step = begin + i;
      Register w[kVectors];
      for (size_t v = 0; v < kVectors; ++v) w[v] = Layout::template operand<step>(record + v * Layout::kCodeBytes);
      for (size_t t = 0; t < M; ++t) {
        const Register a = x.codes(step, first + t);
        for (size_t v = 0; v < kVectors; ++v) {
          if constexpr (kPairs)
            part[v][t] = i == 0 ? pairs(w[v], a) : simd::add16(part[v][t], pairs(w[v], a));
          else if constexpr (I::kWidened)
            dots[v][t] = simd::dot16(dots[v][t], w[v], a);
          else
            dots[v][t] = simd::dot8(dots[v][t], w[v], a);
          if constexpr (!kPairs)
            simd::settle(dots[v][t]);
          else if constexpr (kOnePart)
            simd::settle(part[v][t]);
        }
      }
    });
    if constexpr (kPairs) widen(part, dots);
  }

  // The steps of a group as a loop that stays one, over the registers of codes: V8 spills most registers of a long run of straight
  // code.
  template <size_t M, size_t g>
  static SOTTO_INLINE void add_rolled(const std::byte* record, const Record& x, size_t first, Register (&dots)[kVectors][M]) {
    Register part[kVectors][M];
    if constexpr (kPairs && kOnePart) clear(part);
#pragma clang loop unroll(disable)
    for (size_t r = 0; r < Layout::kStepsApart; ++r) {
      typename Layout::Held held[kVectors];
      for (size_t v = 0; v < kVectors; ++v) held[v] = Layout::hold(record + v * Layout::kCodeBytes, r);
      if constexpr (kPairs && !kOnePart) clear(part);
      unroll<kTurns>([&](auto i) __attribute__((always_inline)) {
        constexpr size_t turn = g * kTurns + i;
        Register w[kVectors];
        for (size_t v = 0; v < kVectors; ++v) w[v] = Layout::template operand_of<turn>(held[v]);
        for (size_t t = 0; t < M; ++t) {
          const Register a = x.codes(r + turn * Layout::kStepsApart, first + t);
          for (size_t v = 0; v < kVectors; ++v) {
            if constexpr (kPairs)
              part[v][t] = simd::add16(part[v][t], pairs(w[v], a));
            else
              dots[v][t] = simd::dot16(dots[v][t], w[v], a);
          }
        }
      });
      if constexpr (kPairs && !kOnePart) widen(part, dots);
    }
    if constexpr (kPairs && kOnePart) widen(part, dots);
  }

  template <size_t M>
  static SOTTO_INLINE void clear(Register (&part)[kVectors][M]) {
    for (auto& row : part)
      for (Register& sum : row) sum = I::splat(0);
  }
  template <size_t M>
  static SOTTO_INLINE void widen(const Register (&part)[kVectors][M], Register (&dots)[kVectors][M]) {
    for (size_t v = 0; v < kVectors; ++v)
      for (size_t t = 0; t < M; ++t) dots[v][t] = simd::add32(dots[v][t], simd::sum_pairs(part[v][t]));
  }

  static SOTTO_INLINE Register pairs(Register w, Register a) {
    if constexpr (Layout::kHasCodebook)
      return simd::pairs_signed(w, a);
    else
      return simd::pairs(w, a);
  }

  template <size_t g>
  static SOTTO_INLINE float scaled_sum(const Record& x, size_t token) {
    return Layout::kGroups == 2 ? x.scale(token) * static_cast<float>(x.half_sum(g, token)) : x.scaled_sum(token);
  }
};

}  // namespace sotto::kernels
