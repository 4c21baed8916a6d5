// Q8_0 with its codes cut in halves: code = 16 * high + low - 128. The high halves with the scales are a matrix of a 4-bit type in
// that type's own layout, the low halves another one beside it. A screen reads the first alone (ops/best_rows.h); exact products
// read both, and sum the same integers as those of whole codes.
#pragma once

#include "kernels/coded_product.inl.h"
#include "quant/q8_0.h"

namespace sotto::kernels {

/// The four bits of a code from `shift` on.
template <int shift>
struct Half {
  static constexpr size_t kBlock = quant::q8_0::kBlockSize, kBlockBytes = sizeof(quant::q8_0::Block), kGroup = 32;
  static constexpr int kBits = 4, kZero = 8;
  static constexpr bool kHasOffset = false;

  static SOTTO_INLINE void unpack(const std::byte* from, quant::Unpacked& to) {
    const auto block = quant::read_block<quant::q8_0::Block>(from);
    to.d = block.d;
    for (size_t i = 0; i < kBlock; ++i) to.code[i] = static_cast<uint8_t>((block.qs[i] + 128) >> shift & 15);
  }
};

/// A sixteenth of the middle of the weights with a high half: of 16 * code - 120 steps.
struct HighHalf : Half<4> {
  static constexpr bool kHalfStep = true;
};
struct LowHalf : Half<0> {
  static constexpr bool kNoScale = true;
};

/// Product of both halves with 16-bit activations; for Tiles.
template <class Arch>
struct SplitProduct {
  using High = CodedLayout<Arch, HighHalf>;
  using Low = CodedLayout<Arch, LowHalf>;
  using I = simd::Ints<Arch, true>;
  using V = typename High::V;
  using Register = typename I::Register;
  using Record = ActivationRecord<I>;
  static constexpr size_t kRows = High::kRows, kVectors = High::kVectors, kTile = Arch::kWide.tokens;

  template <size_t M, size_t N>
  static SOTTO_INLINE void sum(const TileArgs& args, V (&sums)[kVectors][M]) {
    const size_t n = N != 0 ? N : args.n, first = N != 0 ? 0 : args.first;
    for (auto& row : sums)
      for (V& sum : row) sum = V::broadcast(0.0f);
    const std::byte *high = args.group, *low = args.low;
    Record x{args.tile, n};
    for (size_t column = 0; column < args.n_cols; column += kColumnBlock) {
      add_record<M>(high, low, x, first, sums);
      high += High::kRecordBytes;
      low += Low::kRecordBytes;
      x.record += Record::kTokenBytes * n;
    }
  }

 private:
  // A register of codes holds those of kTurns steps of 16-bit numbers: a nibble of every 16 bits each.
  static constexpr size_t kTurns = 4, kRegisters = Low::plane(0).registers();
  static_assert(kTurns * kRegisters * I::kStep == kColumnBlock);
  static constexpr size_t step(size_t r, size_t turn) {
    return I::kTwoApart ? 2 * (r + kRegisters * (turn / 2)) + turn % 2 : r + kRegisters * turn;
  }
  static constexpr int shift(size_t turn) { return static_cast<int>(I::kTwoApart ? turn / 2 * 4 + turn % 2 * 8 : turn * 4); }

  template <size_t M>
  static SOTTO_INLINE void add_record(const std::byte* high, const std::byte* low, const Record& x, size_t first,
                                      V (&sums)[kVectors][M]) {
    Register dots[kVectors][M];
    for (size_t v = 0; v < kVectors; ++v)
      for (size_t t = 0; t < M; ++t) dots[v][t] = simd::put32(x.template minus_sums<1, 0>(first + t), 7);  // 128 times
#pragma clang loop unroll(disable)
    for (size_t r = 0; r < kRegisters; ++r) {
      Register highs[kVectors], lows[kVectors];
      for (size_t v = 0; v < kVectors; ++v) {
        highs[v] = I::load(high + v * High::kCodeBytes + r * I::kRegisterBytes);
        lows[v] = I::load(low + v * Low::kCodeBytes + r * I::kRegisterBytes);
      }
      unroll<kTurns>([&](auto turn) __attribute__((always_inline)) {
        Register w[kVectors];
        for (size_t v = 0; v < kVectors; ++v)
          w[v] = simd::either(I::field(lows[v], shift(turn), 4, 0), I::field(highs[v], shift(turn), 4, 4));
        for (size_t t = 0; t < M; ++t) {
          const Register a = x.codes(step(r, turn), first + t);
          for (size_t v = 0; v < kVectors; ++v) dots[v][t] = simd::dot16(dots[v][t], w[v], a);
        }
      });
    }
    for (size_t v = 0; v < kVectors; ++v) {
      const V scale = High::scales(high, high, 0, v);
      for (size_t t = 0; t < M; ++t) sums[v][t] = sums[v][t] + I::to_float(dots[v][t]) * (scale * V::broadcast(x.scale(first + t)));
    }
  }
};

template <class Arch>
struct SplitCodes {
  using Product = SplitProduct<Arch>;
  using High = typename Product::High;
  using Low = typename Product::Low;

  static void pack(const std::byte* rows, size_t row_stride, size_t n_rows, size_t n_cols_file, size_t n_cols, std::byte* high,
                   std::byte* low) {
    High::pack(rows, row_stride, n_rows, n_cols_file, n_cols, high);
    if (low != nullptr) Low::pack(rows, row_stride, n_rows, n_cols_file, n_cols, low);
  }

  static void unpack_row(const std::byte* high, const std::byte* low, size_t row, size_t n_cols, float* out) {
    for (size_t b = 0; b < n_cols; b += kColumnBlock, high += High::kRecordBytes, low += Low::kRecordBytes) {
      const float scale = High::scale(high, high, 0, row);
      for (size_t c = 0; c < kColumnBlock; ++c)
        *out++ = scale * static_cast<float>(16 * High::code(high, row, c) + Low::code(low, row, c) - 128);
    }
  }

  static void matmul(const MatmulArgs& args) {
    Tiles<Arch, Product>::run(args, High::group_bytes(args.n_cols), args.n_cols / kColumnBlock * Product::Record::kTokenBytes,
                              Low::group_bytes(args.n_cols));
  }

  static void screen(const ScreenArgs& args) {
    const size_t group_bytes = High::group_bytes(args.n_cols);
    const std::byte* group = args.groups;
    for (size_t row = 0; row < args.n_rows; row += High::kRows, group += group_bytes) {
      V middles[High::kVectors][1], reaches[High::kVectors];
      CodedProduct<Arch, HighHalf>::template sum<1, 1>({group, nullptr, args.activations, 1, 0, args.n_cols}, middles);
      for (V& reach : reaches) reach = V::broadcast(0.0f);
      for (size_t b = 0; b < args.n_cols / kColumnBlock; ++b) {
        const std::byte* record = group + b * High::kRecordBytes;
        for (size_t v = 0; v < High::kVectors; ++v)
          reaches[v] = reaches[v] + abs(High::scales(record, record, 0, v)) * V::broadcast(args.reach[b]);
      }
      for (size_t v = 0; v < High::kVectors; ++v) {
        const size_t first = row + v * V::kLanes;
        const auto store = [&](auto at) { at.store(middles[v][0] * V::broadcast(16.0f) + at(args.rests) * reaches[v], args.out); };
        if (first + V::kLanes <= args.n_rows)
          store(WholeRegister<Arch>{first});
        else if (first < args.n_rows)
          store(PartialRegister<Arch>{first, args.n_rows - first});
      }
    }
  }

  static RowRest rest(const std::byte* row, const float* exact, size_t n_cols) {
    Squares most{};
    for (size_t c = 0; c < n_cols; c += kColumnBlock, row += HighHalf::kBlockBytes) {
      const auto block = quant::read_block<quant::q8_0::Block>(row);
      const Squares squares = exact == nullptr ? of_codes(block) : of_weights(block, exact + c);
      most = {larger(most.rest, squares.rest), larger(most.largest, squares.largest), larger(most.whole, squares.whole)};
    }
    constexpr float kRoundedUp = 1 + 0x1p-10f;
    return {__builtin_sqrtf(most.rest) * kRoundedUp, __builtin_sqrtf(most.largest) * kRoundedUp,
            __builtin_sqrtf(most.whole) * kRoundedUp};
  }

 private:
  using V = typename High::V;

  struct Squares {
    float rest, largest, whole;
  };
  static constexpr float kLargest = 8 * 8;  // codes are that far from the middles, at most
  // NaN stays.
  static SOTTO_INLINE float larger(float a, float b) { return a >= b ? a : b; }

  // Integers, in loops that compilers make vectors of.
  static SOTTO_INLINE Squares of_codes(const quant::q8_0::Block& block) {
    uint8_t rests[kColumnBlock];
    int32_t of_rest = 0, of_whole = 0;
    for (size_t i = 0; i < kColumnBlock; ++i) {
      const auto rest = static_cast<int8_t>(((block.qs[i] + 128) & 15) - 8);
      rests[i] = static_cast<uint8_t>(rest * rest);
    }
    for (const uint8_t square : rests) of_rest += square;
    for (const int16_t code : block.qs) of_whole += code * code;
    return {static_cast<float>(of_rest), kLargest, static_cast<float>(of_whole)};
  }

  static SOTTO_INLINE Squares of_weights(const quant::q8_0::Block& block, const float* exact) {
    const float step = simd::half_to_float<Arch>(block.d);
    Squares squares{0, kLargest, 0};
    for (size_t i = 0; i < kColumnBlock; ++i) {
      const float whole = exact[i] == 0.0f ? 0.0f : exact[i] / step;  // infinite where weights are too small for a step
      const float rest = whole - static_cast<float>(((block.qs[i] + 128) & ~15) - 120), square = rest * rest;
      squares.rest = squares.rest + square;
      squares.largest = larger(square, squares.largest);
      squares.whole = squares.whole + whole * whole;
    }
    return squares;
  }
};

template <class Arch>
constexpr SplitKernels split_kernels() {
  using S = SplitCodes<Arch>;
  return {S::High::kRows, S::High::group_bytes, S::Low::group_bytes, S::pack, S::unpack_row, S::matmul, S::screen, S::rest};
}

}  // namespace sotto::kernels
