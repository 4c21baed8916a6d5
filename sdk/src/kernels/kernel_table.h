// KernelTable: every computation of the engine for one SIMD target, as plain function pointers: the contract of each kernel, with
// shapes. Kernels run on one thread, take raw pointers, never allocate, never fail. Each target compiles the same templates
// (kernels/target.cpp) once with its own flags; dispatch.h picks a table. Results do not depend on how rows or tokens are
// split between calls: output element (t, r) is the same bits for every n_tokens, group range and position in a batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quant/all.h"

namespace sotto::kernels {

/// Columns of packed matrices and of activations are padded with zeros to a multiple of this (256 for K-quants: their block).
inline constexpr size_t kColumnBlock = 32;

/// Inputs of a matrix product. Quantized activations are made by KernelTable::quantize_activations.
struct MatmulArgs {
  const std::byte* groups;       // first packed group of this call
  size_t n_groups;               // groups to compute
  size_t n_rows;                 // valid rows in them: (n_groups-1)*R < n_rows <= n_groups*R; only these are written
  size_t n_cols;                 // padded columns
  const std::byte* activations;  // (n_tokens, n_cols) in the format of the kernel, from token 0 of the prepared batch
  size_t n_tokens;
  float* out;                      // (n_tokens, out_stride): out[t*out_stride + r] for r in [0, n_rows)
  size_t out_stride;               // floats
  const float* bias;               // (n_rows) added once, or nullptr
  bool accumulate;                 // out += instead of out =  (residual connections)
  const std::byte* low = nullptr;  // first group of low halves, of SplitKernels
};

/// One weight type on one target. A packed matrix is ceil(n_rows / rows_per_group) groups, each one linear stream of blocks in
/// column order, fields in the order they are read, scales after the quants. Missing rows of the last group are zeros.
struct WeightKernels {
  size_t rows_per_group;  // R
  /// Bytes of one group of R rows of n_cols (padded) columns.
  size_t (*group_bytes)(size_t n_cols);
  /// Packs n_rows (1..R) rows as they lie in the file: row i at rows + i*row_stride, n_cols_file columns each (a multiple of the
  /// type's block), the rest up to n_cols is zero.
  void (*pack)(const std::byte* rows, size_t row_stride, size_t n_rows, size_t n_cols_file, size_t n_cols, std::byte* group);
  /// One packed row back as floats: bit for bit what TypeInfo::decode gives. out: (n_cols)
  void (*unpack_row)(const std::byte* group, size_t row, size_t n_cols, float* out);
  /// Product with activations in the type's ActivationFormat (quant/all.h).
  void (*matmul)(const MatmulArgs& args);
  /// Product of the unpacked weights with float activations: the engine's own reference, for every type.
  void (*matmul_f32)(const MatmulArgs& args);
};

/// How far a row's weights are from the middles of their high halves, in steps: its scales. Each is that of the block where it is
/// largest, rounded up.
struct RowRest {
  float norm;     // of what a block's weights are beside their middles
  float largest;  // of those numbers, at least 8: what a code may be
  float whole;    // norm of a block's weights
};

struct ScreenArgs {
  const std::byte* groups;          // first group of high halves
  size_t n_groups, n_rows, n_cols;  // as in MatmulArgs
  const std::byte* activations;     // of one token, ActivationFormat::i8
  const float* reach;               // (n_cols / 32) what a step of scale times a unit of `rests` can change an output by
  const float* rests;               // (n_rows)
  float* out;                       // (n_rows) product of the middles + rests[r] * sum of |scale| * reach over the blocks
};

/// Q8_0 in two matrices: groups of high halves of the codes with the scales, and as many groups of low halves. The high ones alone
/// tell each weight but for a sixteenth of the range of its block, to whose middle it is rounded (ops/best_rows.h).
/// Arguments are those of WeightKernels.
struct SplitKernels {
  size_t rows_per_group;
  /// Bytes of one group.
  size_t (*high_bytes)(size_t n_cols);
  size_t (*low_bytes)(size_t n_cols);
  /// low: nullptr where only the high ones are wanted
  void (*pack)(const std::byte* rows, size_t row_stride, size_t n_rows, size_t n_cols_file, size_t n_cols, std::byte* high,
               std::byte* low);
  void (*unpack_row)(const std::byte* high, const std::byte* low, size_t row, size_t n_cols, float* out);
  /// The same bits as the product with whole codes, `groups` being the high halves.
  void (*matmul)(const MatmulArgs& args);
  void (*screen)(const ScreenArgs& args);
  /// Of a row of Q8_0 blocks, n_cols columns. exact: (n_cols) the weights that it was made of, or nullptr: it is exact.
  RowRest (*rest)(const std::byte* row, const float* exact, size_t n_cols);
};

/// Number formats of the key/value cache.
enum class KvType : uint8_t { f32, f16, q8_0 };

/// Slots that are worked on together; a cache has a multiple of them.
inline constexpr size_t kKvTile = 64;
/// Positions whose softmax is summed apart, whoever computes it.
inline constexpr size_t kKvSpan = 4 * kKvTile;

/// Attention of one key/value head for a run of query tokens (causal). Heads that share it form the rows of one tile.
/// Token t of the run has position first_position + t and sees cache slots of positions max(0, p-window+1) .. p.
struct AttentionArgs {
  const float* queries;  // (n_tokens, query_stride): the n_heads query heads of this group start at queries, head_dim apart
  size_t query_stride;   // floats
  size_t n_tokens;
  size_t n_heads;  // query heads of this key/value head
  size_t head_dim;
  const std::byte* keys;    // n_slots * kv_row_bytes(kv_type, head_dim): of this head, laid out by kv_store
  const std::byte* values;  // the same for values
  KvType kv_type;
  size_t n_slots;  // of the (ring) cache, a multiple of kKvTile; position p lies in slot p % n_slots
  size_t first_position;
  size_t window;      // tokens seen including itself; 0: all
  float scale;        // applied to q*k
  float soft_cap;     // cap*tanh(score/cap) before softmax; 0: none
  float* out;         // (n_tokens, out_stride): head h at out + t*out_stride + h*head_dim
  size_t out_stride;  // floats
  float* scratch;     // attention_scratch_floats(n_heads, head_dim)
};

enum class Activation : uint8_t { silu, gelu_tanh, gelu_erf, relu };

/// Rotation of pairs: `halves` pairs (i, i + rotary_dim/2) (Hugging Face files, GGUF of qwen, gemma), `neighbours` pairs
/// (2i, 2i+1) (GGUF of llama).
enum class RopePairs : uint8_t { halves, neighbours };

struct KernelTable {
  const char* name;  // "scalar", "sse41", "avx2", "avx_vnni", "avx512_vnni", "neon", "neon_dotprod", "wasm_simd128", "wasm_relaxed"

  std::array<WeightKernels, quant::kComputedTypes> weights;  // by DType
  SplitKernels split;

  /// Activations are prepared in tiles of this many tokens; a tile is made by one call.
  size_t (*token_tile)(quant::ActivationFormat format);
  /// Bytes for n_tokens rows of n_cols (padded) columns. Tile i starts at activation_bytes(format, n_cols, i*token_tile(format)).
  size_t (*activation_bytes)(quant::ActivationFormat format, size_t n_cols, size_t n_tokens);
  /// Rounds n_tokens rows to `format`, nearest-even; columns n_cols_in .. n_cols become zeros. `out` is the start of a tile.
  /// x: (n_tokens, x_stride)
  void (*quantize_activations)(quant::ActivationFormat format, const float* x, size_t x_stride, size_t n_tokens, size_t n_cols_in,
                               size_t n_cols, std::byte* out);

  /// out[i] = x[i] / sqrt(mean(x^2) + eps) * weight[i]; weight may be nullptr (ones). out may be x. (n)
  void (*rms_norm)(const float* x, const float* weight, float eps, size_t n, float* out);
  /// out[i] = (x[i] - mean) / sqrt(var + eps) * weight[i] + bias[i]; weight, bias may be nullptr. (n)
  void (*layer_norm)(const float* x, const float* weight, const float* bias, float eps, size_t n, float* out);
  /// Rotates n_heads heads in place by the angles of one position. cos, sin: (rotary_dim/2). Dimensions past rotary_dim stay.
  void (*rope)(float* heads, size_t n_heads, size_t head_dim, size_t rotary_dim, RopePairs pairs, const float* cos,
               const float* sin);
  /// out[i] = act(gate[i]) * up[i]; up may be nullptr (plain activation). out may be gate. (n)
  void (*activate)(Activation activation, const float* gate, const float* up, size_t n, float* out);
  void (*add)(const float* x, float* y, size_t n);  // y += x
  void (*scale)(float factor, float* x, size_t n);  // x *= factor
  /// x = cap * tanh(x / cap)
  void (*soft_cap)(float cap, float* x, size_t n);
  void (*attention)(const AttentionArgs& args);
  size_t (*attention_scratch_floats)(size_t n_heads, size_t head_dim);
  /// The same of one token, cut at positions that are multiples of kKvSpan: what it sees of [span * kKvSpan, (span + 1) * kKvSpan),
  /// which must be something, becomes a state for each head, (n_heads, attention_state_floats(head_dim)). out is not used.
  void (*attention_span)(const AttentionArgs& args, size_t span, float* states);
  size_t (*attention_state_floats)(size_t head_dim);
  /// states, (n_spans, n_heads, attention_state_floats(head_dim)) of consecutive spans, become out, (n_heads, head_dim): what
  /// `attention` gives, to the bit. The states are used up.
  void (*attention_merge)(float* states, size_t n_spans, size_t n_heads, size_t head_dim, float* out);
  /// One key and one value of head_dim finite floats into a slot of their head's keys and values. q8_0 rounds as GGUF's Q8_0 blocks
  /// do, head_dim padded to 32; f16 saturates instead of overflowing.
  void (*kv_store)(KvType type, const float* key, const float* value, size_t head_dim, size_t slot, std::byte* keys,
                   std::byte* values);
  bool (*all_finite)(const float* x, size_t n);
  size_t (*argmax)(const float* x, size_t n);  // lowest index among equals
  float (*max)(const float* x, size_t n);
  /// sum(exp(x[i] - shift)) ; with out != nullptr also out[i] = exp(x[i] - shift)
  double (*exp_sum)(const float* x, float shift, size_t n, float* out);
};

/// Bytes of one head's keys, or values, of one slot.
size_t kv_row_bytes(KvType type, size_t head_dim) noexcept;

}  // namespace sotto::kernels
