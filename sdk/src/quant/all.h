// THE list of number types. Adding one: its file pair (quant/NAME.h: layout and scalar codec; quant/NAME.inl.h: how a packed
// block is unpacked into SIMD operands) and one row here. Everything else follows from the row: the DType, GGUF and SafeTensors
// names, kernel tables on all targets, tests, benches, the memory report.
//
// COMPUTED(id, gguf, safetensors, block_size, block_bytes, activations)   namespace quant::id has decode() and encode()
// KNOWN(id, gguf, safetensors, block_size, block_bytes)                    named and sized, refused by name when computed with
#pragma once

#include "quant/types.h"

// clang-format off
#define SOTTO_QUANT_TYPES(COMPUTED, KNOWN)                 \
  COMPUTED(f32,    0, "F32",  1,   4,   f32)                \
  COMPUTED(f16,    1, "F16",  1,   2,   f32)                \
  COMPUTED(bf16,  30, "BF16", 1,   2,   f32)                \
  COMPUTED(q8_0,   8, "",     32,  34,  i16)                \
  COMPUTED(q4_0,   2, "",     32,  18,  i8)                 \
  COMPUTED(q4_1,   3, "",     32,  20,  i8)                 \
  COMPUTED(q5_0,   6, "",     32,  22,  i8)                 \
  COMPUTED(q5_1,   7, "",     32,  24,  i8)                 \
  COMPUTED(q2_k,  10, "",     256, 84,  i8)                 \
  COMPUTED(q3_k,  11, "",     256, 110, i8)                 \
  COMPUTED(q4_k,  12, "",     256, 144, i8)                 \
  COMPUTED(q5_k,  13, "",     256, 176, i8)                 \
  COMPUTED(q6_k,  14, "",     256, 210, i8)                 \
  COMPUTED(iq4_nl, 20, "",    32,  18,  i8)                 \
  KNOWN(q8_1,      9, "",     32,  36)                      \
  KNOWN(q8_k,     15, "",     256, 292)                     \
  KNOWN(iq2_xxs,  16, "",     256, 66)                      \
  KNOWN(iq2_xs,   17, "",     256, 74)                      \
  KNOWN(iq3_xxs,  18, "",     256, 98)                      \
  KNOWN(iq1_s,    19, "",     256, 50)                      \
  KNOWN(iq3_s,    21, "",     256, 110)                     \
  KNOWN(iq2_s,    22, "",     256, 82)                      \
  KNOWN(iq4_xs,   23, "",     256, 136)                     \
  KNOWN(i8,       24, "I8",   1,   1)                       \
  KNOWN(i16,      25, "I16",  1,   2)                       \
  KNOWN(i32,      26, "I32",  1,   4)                       \
  KNOWN(i64,      27, "I64",  1,   8)                       \
  KNOWN(f64,      28, "F64",  1,   8)                       \
  KNOWN(iq1_m,    29, "",     256, 56)                      \
  KNOWN(tq1_0,    34, "",     256, 54)                      \
  KNOWN(tq2_0,    35, "",     256, 66)                      \
  KNOWN(mxfp4,    39, "",     32,  17)                      \
  KNOWN(nvfp4,    40, "",     64,  36)                      \
  KNOWN(q1_0,     41, "",     128, 18)                      \
  KNOWN(boolean,  -1, "BOOL", 1,   1)                       \
  KNOWN(u8,       -1, "U8",   1,   1)                       \
  KNOWN(u16,      -1, "U16",  1,   2)                       \
  KNOWN(u32,      -1, "U32",  1,   4)                       \
  KNOWN(u64,      -1, "U64",  1,   8)                       \
  KNOWN(f8_e4m3,  -1, "F8_E4M3", 1, 1)                      \
  KNOWN(f8_e5m2,  -1, "F8_E5M2", 1, 1)                      \
  KNOWN(f8_e8m0,  -1, "F8_E8M0", 1, 1)                      \
  KNOWN(c64,      -1, "C64",  1,   8)                        \
  KNOWN(f4,       -1, "F4",   2,   1)                        \
  KNOWN(f6_e2m3,  -1, "F6_E2M3", 4, 3)                       \
  KNOWN(f6_e3m2,  -1, "F6_E3M2", 4, 3)                       \
  KNOWN(f8_e4m3fnuz, -1, "F8_E4M3FNUZ", 1, 1)                \
  KNOWN(f8_e5m2fnuz, -1, "F8_E5M2FNUZ", 1, 1)
// clang-format on

namespace sotto::quant {

enum class DType : uint8_t {
#define SOTTO_ROW(id, ...) id,
  SOTTO_QUANT_TYPES(SOTTO_ROW, SOTTO_ROW)
#undef SOTTO_ROW
};

/// How many types are computed: the first rows of the list, so that tables can be indexed by DType.
inline constexpr size_t kComputedTypes = 0
#define SOTTO_ROW(...) +1
#define SOTTO_SKIP(...)
    SOTTO_QUANT_TYPES(SOTTO_ROW, SOTTO_SKIP)
#undef SOTTO_ROW
#undef SOTTO_SKIP
    ;

}  // namespace sotto::quant
