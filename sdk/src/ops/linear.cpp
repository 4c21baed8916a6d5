#include "ops/linear.h"

#include <algorithm>
#include <array>

namespace sotto::ops {
namespace {

using kernels::KernelTable;
using quant::ActivationFormat;

constexpr ActivationFormat kFormats[] = {ActivationFormat::f32, ActivationFormat::i8, ActivationFormat::i16,
                                         ActivationFormat::i8_rest};
constexpr size_t kCacheLine = 64;
// Output ranges of two threads start 16 rows apart, so that they never write one cache line; a call computes at most about 256
// rows, so that a weight panel stays in L2 while all tokens pass over it, and V8 can replace a kernel it has finished optimizing.
constexpr size_t kRowAlignment = 16;
constexpr size_t kRowsPerCall = 256;
// Pieces per thread: enough that a descheduled thread's share can be taken over.
constexpr size_t kPiecesPerThread = 8;
// Bytes of weights, times tokens, between two looks at the control: a page is asked through JavaScript, and so is its clock.
constexpr size_t kBytesPerPoll = size_t{2} << 20;

ActivationFormat format_of(const OpContext& context, const PackedMatrix& weight) {
  return context.activations == ActivationWidth::f32 ? ActivationFormat::f32 : quant::info(weight.type).activations;
}

bool takes_rest(const OpContext& context, const LinearPart& part) {
  return (part.fine || context.activations == ActivationWidth::i16) && format_of(context, *part.weight) == ActivationFormat::i8;
}

auto matmul_of(const OpContext& context, const PackedMatrix& weight) {
  if (weight.split()) return context.kernels.split.matmul;
  const kernels::WeightKernels& kernel = context.kernels.weights[static_cast<size_t>(weight.type)];
  return context.activations == ActivationWidth::f32 ? kernel.matmul_f32 : kernel.matmul;
}

// A part cut in pieces of equal row counts: `first_piece` is its number in the whole region.
struct Split {
  size_t first_piece;
  size_t groups_per_piece;
};

}  // namespace

uint64_t linear_scratch_bytes(const KernelTable& kernels, size_t n_cols, size_t n_tokens) noexcept {
  uint64_t bytes = 0;
  for (const ActivationFormat format : kFormats) {
    const size_t tokens = kernels.token_tile(format), n_tiles = (n_tokens + tokens - 1) / tokens;
    const size_t tile = kernels.activation_bytes(format, round_up(n_cols, kernels::kColumnBlock), tokens);
    bytes += n_tiles * uint64_t{round_up(tile, kCacheLine)};
  }
  return bytes;
}

void linear(const OpContext& context, const float* x, size_t x_stride, size_t n_tokens, std::span<const LinearPart> parts,
            std::byte* scratch) {
  const KernelTable& kernels = context.kernels;
  const size_t n_cols = parts[0].weight->n_cols, n_cols_padded = parts[0].weight->n_cols_padded;

  std::array<const std::byte*, std::size(kFormats)> rounded{};
  for (const ActivationFormat format : kFormats) {
    if (std::none_of(parts.begin(), parts.end(), [&](const LinearPart& part) {
          return format == ActivationFormat::i8_rest ? takes_rest(context, part) : format == format_of(context, *part.weight);
        }))
      continue;
    std::byte* out = scratch;
    const size_t tokens = kernels.token_tile(format), n_tiles = (n_tokens + tokens - 1) / tokens;
    const auto round_tiles = [&](size_t begin, size_t end, size_t) {
      for (size_t tile = begin; tile < end; ++tile) {
        const size_t first = tile * tokens;
        kernels.quantize_activations(format, x + first * x_stride, x_stride, std::min(tokens, n_tokens - first), n_cols,
                                     n_cols_padded, out + kernels.activation_bytes(format, n_cols_padded, first));
      }
    };
    if (n_tiles == 1) {
      round_tiles(0, 1, 0);
    } else {
      context.pool.parallel_for(n_tiles, 1, round_tiles);
    }
    rounded[static_cast<size_t>(format)] = out;
    scratch += round_up(kernels.activation_bytes(format, n_cols_padded, n_tokens), kCacheLine);
  }

  std::array<Split, kMaxLinearParts> splits;
  size_t total_bytes = 0;
  for (const LinearPart& part : parts) total_bytes += part.weight->bytes();
  const size_t piece_bytes = std::max<size_t>(total_bytes / (context.pool.size() * kPiecesPerThread), 1);
  size_t n_pieces = 0, largest_piece = 1;  // bytes
  for (size_t i = 0; i < parts.size(); ++i) {
    const PackedMatrix& w = *parts[i].weight;
    const size_t unit = std::max<size_t>(kRowAlignment / w.rows_per_group, 1);
    const size_t most = std::max<size_t>(kRowsPerCall / w.rows_per_group, unit);
    const size_t groups = std::clamp(round_up(piece_bytes / w.group_bytes, unit), unit, most);
    splits[i] = {n_pieces, groups};
    n_pieces += (w.n_groups() + groups - 1) / groups;
    largest_piece = std::max(largest_piece, groups * w.group_bytes);
  }

  const size_t pieces_per_poll = 1 + kBytesPerPoll / largest_piece / n_tokens;
  context.pool.parallel_for(n_pieces, 1, [&](size_t begin, size_t end, size_t) {
    for (size_t piece = begin; piece < end; ++piece) {
      if (piece % pieces_per_poll == 0 && context.control.stop_requested()) return;
      size_t i = parts.size() - 1;
      while (piece < splits[i].first_piece) --i;
      const LinearPart& part = parts[i];
      const PackedMatrix& w = *part.weight;
      const size_t first_group = (piece - splits[i].first_piece) * splits[i].groups_per_piece;
      const size_t n_groups = std::min(splits[i].groups_per_piece, w.n_groups() - first_group);
      const size_t first_row = first_group * w.rows_per_group;
      kernels::MatmulArgs args{
          .groups = w.data + first_group * w.group_bytes,
          .n_groups = n_groups,
          .n_rows = std::min(n_groups * w.rows_per_group, w.n_rows - first_row),
          .n_cols = w.n_cols_padded,
          .activations = rounded[static_cast<size_t>(format_of(context, w))],
          .n_tokens = n_tokens,
          .out = part.out + first_row,
          .out_stride = part.out_stride,
          .bias = part.bias ? part.bias + first_row : nullptr,
          .accumulate = part.accumulate,
          .low = w.low_group(first_group),
      };
      const auto matmul = matmul_of(context, w);
      matmul(args);
      if (takes_rest(context, part)) {
        args.activations = rounded[static_cast<size_t>(ActivationFormat::i8_rest)];
        args.bias = nullptr;
        args.accumulate = true;
        matmul(args);
      }
    }
  });
}

}  // namespace sotto::ops
