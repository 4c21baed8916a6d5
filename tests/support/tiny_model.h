// A tiny random language model as GGUF bytes, for tests that need a whole model and no trained one. Llama architecture with a
// byte-level BPE vocabulary; the same options give the same bytes on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "quant/all.h"

namespace sotto::test {

struct TinyModelOptions {
  uint64_t seed = 1;
  uint32_t n_layers = 2;
  uint32_t width = 64;
  uint32_t n_heads = 4;  // of width / n_heads
  uint32_t n_kv_heads = 2;
  uint32_t ffn_width = 96;
  uint32_t context_length = 256;
  bool tied_head = false;  // no output.weight
  quant::DType matrix_type = quant::DType::f32;
  /// Number type of one matrix by its name ("blk.0.attn_q.weight"); empty: matrix_type for all. Vectors stay f32.
  std::function<quant::DType(std::string_view tensor)> type_of = {};
};

/// Ids 0 to 255 are bytes, then merged pieces, then <s>, </s>, <|im_start|>, <|im_end|>; 320 in all. BOS is <s>, EOS is </s>.
/// Throws std::runtime_error for a type that cannot be encoded or does not fit the widths.
std::vector<std::byte> tiny_llama_gguf(const TinyModelOptions& options = {});

}  // namespace sotto::test
