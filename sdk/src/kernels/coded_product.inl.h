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
  static constexpr size_t kTile = Layout::kShape.tokens;

  static constexpr int kZero = Layout::kHasCodebook ? Layout::kBookZero : Packing::kZero;
  static_assert((kZero & (kZero - 1)) == 0);  // a shift multiplies with it
  static constexpr size_t kGroupSteps = Layout::kSteps / Layout::kGroups;
  static constexpr bool kPairs = I::kDot == simd::ByteDot::pairs;

  // Products of a group are summed in 16 bits. Where those of codes do not fit, those of codes less the middle one do, and sums
  // that wrap on the way there are none the worse. Products of a codebook's numbers fit one by one.
  static constexpr int kMostSum = static_cast<int>(kGroupSteps) * 2 * 127, kFits = 32767;
  static constexpr bool kSums16 = kPairs && !Layout::kHasCodebook;
  static constexpr int kMiddle =
      kSums16 && (kZero != 0 || kMostSum * ((1 << Packing::kBits) - 1) > kFits) ? 1 << (Packing::kBits - 1) : 0;
  static_assert(kMostSum * kMiddle <= kFits);

  static constexpr size_t kTurns = kGroupSteps / Layout::kStepsApart;  // of the rolled loop
  template <size_t M>
  static constexpr bool kRolled = (Arch::kRolledSteps || kVectors * M > simd::kAccumulators<Arch>) && kTurns > 0 &&
                                  (!kPairs || kSums16);

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
      for (size_t t = 0; t < M; ++t) {
        if constexpr (kPairs || kZero == 0)
          row[t] = I::splat(0);
        else
          row[t] = simd::put32(x.template minus_sums<Layout::kGroups, g>(first + t), __builtin_ctz(kZero));
      }
    if constexpr (kRolled<M>) {
      add_rolled<M, g>(record, x, first, dots);
    } else {
      add_steps<M, g>(record, x, first, dots);
    }
    if constexpr (kSums16) widen<M, g>(x, first, dots);
    for (size_t v = 0; v < kVectors; ++v) {
      constexpr bool kHalfStep = requires { Packing::kHalfStep; };
      const V scale = Layout::scales(block, record, g, v);
      V offset{};
      if constexpr (kHalfStep) offset = scale * V::broadcast(0.5f);
      if constexpr (Packing::kHasOffset) offset = Layout::offsets(block, record, g, v);
      for (size_t t = 0; t < M; ++t) {
        Register dot = dots[v][t];
        if constexpr (kPairs && kZero != kMiddle)
          dot = simd::dot16(dot, I::splat16(kZero - kMiddle), x.template minus_sums<Layout::kGroups, g>(first + t));
        V sum = sums[v][t] + I::to_float(dot) * (scale * V::broadcast(x.scale(first + t)));
        if constexpr (kHalfStep || Packing::kHasOffset) sum = sum + offset * scaled_sum<g>(x, first + t);
        sums[v][t] = sum;
      }
    }
  }

  // Steps whose codes lie in one register follow each other.
  static constexpr size_t step_at(size_t i) { return kTurns > 1 ? i / kTurns + i % kTurns * Layout::kStepsApart : i; }

  template <size_t M, size_t g>
  static SOTTO_INLINE void add_steps(const std::byte* record, const Record& x, size_t first, Register (&dots)[kVectors][M]) {
    unroll<kGroupSteps>([&](auto i) __attribute__((always_inline)) {
      constexpr size_t step = g * kGroupSteps + step_at(i);
      Register w[kVectors];
      for (size_t v = 0; v < kVectors; ++v) w[v] = Layout::template operand<step>(record + v * Layout::kCodeBytes);
      add_products(w, x, step, first, dots);
    });
  }

  // The steps of a group as a loop that stays one, over the registers of codes: V8 spills most registers of a long run of straight
  // code, and so do others where sums leave few free.
  template <size_t M, size_t g>
  static SOTTO_INLINE void add_rolled(const std::byte* record, const Record& x, size_t first, Register (&dots)[kVectors][M]) {
#pragma clang loop unroll(disable)
    for (size_t r = 0; r < Layout::kStepsApart; ++r) {
      typename Layout::Held held[kVectors];
      for (size_t v = 0; v < kVectors; ++v) held[v] = Layout::hold(record + v * Layout::kCodeBytes, r);
      unroll<kTurns>([&](auto i) __attribute__((always_inline)) {
        constexpr size_t turn = g * kTurns + i;
        Register w[kVectors];
        for (size_t v = 0; v < kVectors; ++v) w[v] = Layout::template operand_of<turn>(held[v]);
        add_products(w, x, r + turn * Layout::kStepsApart, first, dots);
      });
    }
  }

  template <size_t M>
  static SOTTO_INLINE void add_products(const Register (&w)[kVectors], const Record& x, size_t step, size_t first,
                                        Register (&dots)[kVectors][M]) {
    for (size_t t = 0; t < M; ++t) {
      const Register a = x.codes(step, first + t);
      for (size_t v = 0; v < kVectors; ++v) {
        Register& dot = dots[v][t];
        if constexpr (kSums16)
          dot = simd::add16(dot, simd::pairs(w[v], a));
        else if constexpr (kPairs)
          dot = simd::add32(dot, simd::sum_pairs(simd::pairs_signed(w[v], a)));
        else if constexpr (I::kWidened)
          dot = simd::dot16(dot, w[v], a);
        else
          dot = simd::dot8(dot, w[v], a);
        simd::settle(dot);
      }
    }
  }

  template <size_t M, size_t g>
  static SOTTO_INLINE void widen(const Record& x, size_t first, Register (&dots)[kVectors][M]) {
    for (auto& row : dots)
      for (size_t t = 0; t < M; ++t) {
        if constexpr (kMiddle != 0)
          row[t] = simd::add16(row[t], simd::put(x.template minus_sums<Layout::kGroups, g>(first + t), Packing::kBits - 1));
        row[t] = simd::sum_pairs(row[t]);
      }
  }

  template <size_t g>
  static SOTTO_INLINE V scaled_sum(const Record& x, size_t token) {
    if constexpr (Layout::kGroups == 1) {
      return V::broadcast(x.scaled_sum(token));
    } else if constexpr (kPairs) {
      const Register sum = simd::dot16(I::splat(0), I::splat16(-1), x.template minus_sums<Layout::kGroups, g>(token));
      return V::broadcast(x.scale(token)) * I::to_float(sum);
    } else {
      return V::broadcast(x.scale(token) * static_cast<float>(-x.template minus_half_sum<g>(token)));
    }
  }
};

}  // namespace sotto::kernels
