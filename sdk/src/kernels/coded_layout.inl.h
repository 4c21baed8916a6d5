// How a coded number type lies in memory for one target: R rows interleaved, one linear stream. Per 32 columns and register of
// rows: planes of bits, in which element e of register s % n holds the code of step s at bit width * (s / n); then all scales, then
// offsets. Types of 256-column blocks have the halves d (and dmin) of R rows in front of eight such records with 8-bit scales.
#pragma once

#include <type_traits>

#include "kernels/unroll.inl.h"
#include "quant/packing.h"
#include "simd/integers.h"

namespace sotto::kernels {

template <class Arch, class Packing>
struct CodedLayout {
  static constexpr bool kWide = Packing::kBits == 8;
  using I = simd::Ints<Arch, kWide>;
  using V = simd::Vec<Arch>;

  // The file's halves. Targets that cannot read those hold floats: a scale is read for each 32 weights of every row.
  using Number = std::conditional_t<V::kHasF16, uint16_t, float>;
  static constexpr size_t kNumberBytes = sizeof(Number);

  static constexpr size_t kColumns = 32;  // of a record
  static constexpr simd::TileShape kShape = kWide ? Arch::kWide : Arch::kBytes;
  static constexpr size_t kLanes = V::kLanes, kVectors = kShape.vectors, kRows = kLanes * kVectors;
  static constexpr bool kSuperBlock = Packing::kBlock != kColumns;
  static constexpr size_t kGroups = kColumns / Packing::kGroup;  // of a record
  static constexpr size_t kSteps = kColumns / I::kStep;
  static constexpr size_t kElements = kLanes * I::kStep;  // codes of one step and register
  static constexpr int kElementBits = static_cast<int>(8 * I::kElementBytes);

  static constexpr size_t kCodeBytes = kColumns * kLanes * Packing::kBits / 8;  // of a register of rows
  static constexpr bool kHasScale = !requires { Packing::kNoScale; };
  static constexpr size_t kScaleBytes = !kHasScale ? 0 : kRows * (kSuperBlock ? 1 : kNumberBytes);  // of one group
  static constexpr size_t kScalesAt = kCodeBytes * kVectors;
  static constexpr size_t kOffsetsAt = kScalesAt + kScaleBytes * kGroups;
  static constexpr size_t kRecordBytes = kOffsetsAt + (Packing::kHasOffset ? kScaleBytes * kGroups : 0);
  static constexpr size_t kHeadBytes = !kSuperBlock ? 0 : kNumberBytes * kRows * (Packing::kHasOffset ? 2 : 1);
  static constexpr size_t kRecords = Packing::kBlock / kColumns;  // of a block
  static constexpr size_t kBlockBytes = kHeadBytes + kRecords * kRecordBytes;

  static constexpr bool kHasCodebook = requires { Packing::kCodebook; };
  // Targets whose products want unsigned codes look up the book's values with this added.
  static constexpr int kBookZero = I::kDot == simd::ByteDot::unsigned_direct ? 128 : 0;

  /// A run of bits of the code: planes of 4, 2 and 1 bits.
  struct Plane {
    int from, bits;
    size_t at;  // bytes before it
    constexpr size_t registers() const { return kSteps * static_cast<size_t>(bits) / static_cast<size_t>(kElementBits); }
  };
  static constexpr size_t kPlanes = Packing::kBits == 3 || Packing::kBits > 4 ? 2 : 1;
  static constexpr Plane plane(size_t i) {
    const int low = Packing::kBits < 4 ? 2 : 4;
    if (i == 0) return {0, low, 0};
    return {low, Packing::kBits - low, kColumns * kLanes * static_cast<size_t>(low) / 8};
  }

  static size_t group_bytes(size_t n_cols) { return n_cols / Packing::kBlock * kBlockBytes; }

  static void pack(const std::byte* rows, size_t row_stride, size_t n_rows, size_t n_cols_file, size_t n_cols, std::byte* group) {
    if (n_rows < kRows || n_cols_file < n_cols) __builtin_memset(group, 0, group_bytes(n_cols));
    // Row by row: the file is read as one stream, while the group lies in the first-level cache.
    for (size_t row = 0; row < n_rows; ++row) {
      for (size_t b = 0; b < n_cols_file / Packing::kBlock; ++b) {
        quant::Unpacked block;
        Packing::unpack(rows + row * row_stride + b * Packing::kBlockBytes, block);
        put_block(block, row, group + b * kBlockBytes);
      }
    }
  }

  static void unpack_row(const std::byte* group, size_t row, size_t n_cols, float* out) {
    for (size_t b = 0; b < n_cols / Packing::kBlock; ++b, group += kBlockBytes) {
      for (size_t i = 0; i < kRecords; ++i) {
        const std::byte* record = group + kHeadBytes + i * kRecordBytes;
        for (size_t c = 0; c < kColumns; ++c) {
          const size_t g = c / Packing::kGroup;
          const float value = scale(group, record, g, row) * static_cast<float>(weight_of(code(record, row, c)));
          *out++ = Packing::kHasOffset ? value + offset(group, record, g, row) : value;
        }
      }
    }
  }

  // --- reading a record, one number at a time ---
  static SOTTO_INLINE int weight_of(int code) {
    if constexpr (kHasCodebook)
      return kBookZero == 0 ? kBook.values[code] : static_cast<uint8_t>(kBook.values[code]) - kBookZero;
    else if constexpr (kWide)
      return static_cast<int8_t>(code);
    else
      return code - Packing::kZero;
  }
  static SOTTO_INLINE int code(const std::byte* record, size_t row, size_t column) {
    const std::byte* codes = record + row / kLanes * kCodeBytes;
    const size_t step = I::step_of(column), element = row % kLanes * I::kStep + I::place_of(column);
    if constexpr (kWide) return static_cast<int>(codes[step * kElements + element]);
    int bits = 0;
    for (size_t i = 0; i < kPlanes; ++i) {
      const Plane p = plane(i);
      const int held = element_of(codes + p.at, step % p.registers() * kElements + element);
      bits |= (held >> (p.bits * static_cast<int>(step / p.registers())) & ((1 << p.bits) - 1)) << p.from;
    }
    return bits;
  }
  static SOTTO_INLINE float scale(const std::byte* block, const std::byte* record, size_t g, size_t row) {
    return one_scale(block, record + kScalesAt + g * kScaleBytes, row);
  }
  static SOTTO_INLINE float offset(const std::byte* block, const std::byte* record, size_t g, size_t row) {
    const float product = one_scale(block + kNumberBytes * kRows, record + kOffsetsAt + g * kScaleBytes, row);
    return kSuperBlock ? -product : product;
  }

  // --- reading a record, all rows of a register at a time ---
  template <size_t step>
  static SOTTO_INLINE typename I::Register operand(const std::byte* codes) {
    if constexpr (kWide) {
      return I::load_widened(codes + step * kElements);
    } else {
      constexpr Plane first = plane(0);
      auto bits = plane_bits<step, 0>(codes);
      static_assert(first.from == 0);
      if constexpr (kPlanes == 2) bits = simd::either(bits, plane_bits<step, 1>(codes));
      if constexpr (kHasCodebook) bits = I::look_up(kBook.values, bits);
      return bits;
    }
  }

  // --- the same with a step that the compiler does not know: step = r + turn * kStepsApart, the turn being a constant ---
  static constexpr size_t kStepsApart = [] {
    if constexpr (kWide)
      return kSteps / 2;
    else
      return plane(0).registers();
  }();
  struct Held {
    typename I::Register low, high;
  };
  static SOTTO_INLINE Held hold(const std::byte* codes, size_t r) {
    if constexpr (kWide) {
      return {I::load_widened(codes + r * kElements), I::load_widened(codes + (r + kStepsApart) * kElements)};
    } else {
      Held held{I::load(codes + r * I::kRegisterBytes), {}};
      if constexpr (kPlanes == 2) {
        constexpr Plane p = plane(1);
        held.high = simd::shift16(I::load(codes + p.at + r % p.registers() * I::kRegisterBytes),
                                  p.bits * static_cast<int>(r / p.registers()));
      }
      return held;
    }
  }
  template <size_t turn>
  static SOTTO_INLINE typename I::Register operand_of(const Held& held) {
    if constexpr (kWide) {
      return turn == 0 ? held.low : held.high;
    } else {
      constexpr Plane low = plane(0), high = plane(1);
      auto bits = I::field(held.low, low.bits * static_cast<int>(turn), low.bits, low.from);
      if constexpr (kPlanes == 2) {
        constexpr size_t kTurns = turn * low.registers() / high.registers();
        bits = simd::either(bits, I::field(held.high, high.bits * static_cast<int>(kTurns), high.bits, high.from));
      }
      if constexpr (kHasCodebook) bits = I::look_up(kBook.values, bits);
      return bits;
    }
  }
  /// of the rows of register v
  static SOTTO_INLINE V scales(const std::byte* block, const std::byte* record, size_t g, size_t v) {
    return some_scales(block, record + kScalesAt + g * kScaleBytes, v);
  }
  static SOTTO_INLINE V offsets(const std::byte* block, const std::byte* record, size_t g, size_t v) {
    const V product = some_scales(block + kNumberBytes * kRows, record + kOffsetsAt + g * kScaleBytes, v);
    return kSuperBlock ? V::broadcast(-0.0f) - product : product;
  }

 private:
  struct Book {
    int8_t values[16] = {};
  };
  static constexpr Book kBook = [] {
    Book book;
    if constexpr (kHasCodebook)
      for (size_t i = 0; i < 16; ++i) book.values[i] = static_cast<int8_t>(Packing::kCodebook[i] + kBookZero);
    return book;
  }();

  static SOTTO_INLINE int element_of(const std::byte* elements, size_t i) {
    if constexpr (!I::kWidened) return static_cast<int>(elements[i]);
    return static_cast<int>(quant::read_block<uint16_t>(elements + 2 * i));
  }

  template <size_t step, size_t i>
  static SOTTO_INLINE typename I::Register plane_bits(const std::byte* codes) {
    constexpr Plane p = plane(i);
    constexpr size_t kRegister = step % p.registers();
    return I::field(I::load(codes + p.at + kRegister * I::kRegisterBytes), p.bits * static_cast<int>(step / p.registers()), p.bits,
                    p.from);
  }

  static SOTTO_INLINE float one_scale(const std::byte* halves, const std::byte* scales, size_t row) {
    if constexpr (!kSuperBlock) return half(scales, row);
    return half(halves, row) * static_cast<float>(static_cast<int8_t>(scales[row]));
  }
  static SOTTO_INLINE float half(const std::byte* halves, size_t row) {
    const auto number = quant::read_block<Number>(halves + kNumberBytes * row);
    if constexpr (V::kHasF16)
      return simd::half_to_float<Arch>(number);
    else
      return number;
  }
  static SOTTO_INLINE V some_scales(const std::byte* halves, const std::byte* scales, size_t v) {
    if constexpr (!kSuperBlock)
      return numbers(scales, v);
    else
      return numbers(halves, v) * V::load_i8(scales + v * kLanes);
  }
  static SOTTO_INLINE V numbers(const std::byte* from, size_t v) {
    from += kNumberBytes * v * kLanes;
    if constexpr (V::kHasF16)
      return V::load_f16(from);
    else
      return V::load(reinterpret_cast<const float*>(from));
  }
  static SOTTO_INLINE void put_number(uint16_t half, std::byte* to) {
    Number number;
    if constexpr (V::kHasF16)
      number = half;
    else
      number = simd::half_to_float<Arch>(half);
    __builtin_memcpy(to, &number, sizeof number);
  }

  static SOTTO_INLINE void put_block(const quant::Unpacked& block, size_t row, std::byte* to) {
    if constexpr (kSuperBlock) {
      put_number(block.d, to + kNumberBytes * row);
      if constexpr (Packing::kHasOffset) put_number(block.m, to + kNumberBytes * (kRows + row));
    }
    for (size_t i = 0; i < kRecords; ++i) {
      std::byte* record = to + kHeadBytes + i * kRecordBytes;
      put_codes(block.code + i * kColumns, record + row / kLanes * kCodeBytes, row % kLanes);
      for (size_t g = 0; g < kGroups; ++g) {
        put_scale(block.d, block.scale[i * kGroups + g], record + kScalesAt + g * kScaleBytes, row);
        if constexpr (Packing::kHasOffset)
          put_scale(block.m, block.minimum[i * kGroups + g], record + kOffsetsAt + g * kScaleBytes, row);
      }
    }
  }
  // The codes of one step and row, each in an element: always 32 bits.
  static_assert(I::kStep * I::kElementBytes == sizeof(uint32_t));
  static constexpr uint32_t kEveryElement = I::kElementBytes == 1 ? 0x01010101 : 0x00010001;
  static SOTTO_INLINE uint32_t step_word(const uint8_t* code, size_t step) {
    if constexpr (I::kElementBytes == 1)
      return quant::read_block<uint32_t>(reinterpret_cast<const std::byte*>(code + 4 * step));
    else
      return code[2 * step] | uint32_t{code[2 * step + 1]} << 16;
  }
  static SOTTO_INLINE void put_codes(const uint8_t* code, std::byte* codes, size_t lane) {
    if constexpr (kWide) {
      for (size_t s = 0; s < kSteps; ++s) {
        const auto both = static_cast<uint16_t>(code[I::column(s, 0)] | code[I::column(s, 1)] << 8);
        __builtin_memcpy(codes + s * kElements + lane * I::kStep, &both, sizeof both);
      }
    } else {
      unroll<kPlanes>([&](auto i) __attribute__((always_inline)) {
        constexpr Plane p = plane(i);
        constexpr size_t n = p.registers();
        for (size_t r = 0; r < n; ++r) {
          uint32_t word = 0;
          for (size_t k = 0; k < kSteps / n; ++k)
            word |= (step_word(code, r + k * n) >> p.from & ((1u << p.bits) - 1) * kEveryElement)
                    << (static_cast<size_t>(p.bits) * k);
          __builtin_memcpy(codes + p.at + (r * kElements + lane * I::kStep) * I::kElementBytes, &word, sizeof word);
        }
      });
    }
  }
  static SOTTO_INLINE void put_scale(uint16_t half, int8_t scale, std::byte* scales, size_t row) {
    if constexpr (kSuperBlock)
      scales[row] = static_cast<std::byte>(scale);
    else if constexpr (kHasScale)
      put_number(half, scales + kNumberBytes * row);
  }
};

}  // namespace sotto::kernels
