#include "model/weights.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

#include "large_pages.h"
#include "model/allocate.h"

namespace sotto::model {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;  // of the file, read and packed by one thread at a time

class FirstError {
 public:
  void set(Error error) {
    const std::lock_guard lock(mutex_);
    if (!failed_.exchange(true)) error_ = std::move(error);
  }
  bool failed() const { return failed_.load(std::memory_order_relaxed); }
  Status status() { return failed() ? Status(std::move(error_)) : Status(); }

 private:
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  Error error_;
};

using Scratch = WeightsLoader::Scratch;

Result<std::byte*> at_least(Buffer& buffer, size_t bytes) {
  if (buffer.size() < bytes) {
    SOTTO_ASSIGN(buffer, Buffer::allocate(bytes, "packing"));
  }
  return buffer.data();
}

// Rows of a matrix as they lie in memory.
struct Rows {
  const std::byte* data;
  size_t stride;
  size_t n_cols;
};

// Behind the high ones.
std::byte* low_halves(const PackedMatrix& matrix, std::byte* data) {
  return data + matrix.n_groups() * matrix.group_bytes;
}

// Fills the groups of one matrix from its rows in the file.
class Packer {
 public:
  /// `screen`: filled as well, or nullptr
  Packer(const formats::ModelFile& file, const WeightItem& item, std::byte* out, const ScreenMaker* screen)
      : source_(*file.sources[item.tensor->source]),
        tensor_(*item.tensor),
        matrix_(item.matrix),
        transposed_(item.transposed),
        row_bytes_(static_cast<size_t>(tensor_.n_bytes / matrix_.n_rows)),
        out_(out),
        screen_(screen) {}

  /// Groups whose rows lie in the first n bytes of the source.
  size_t groups_in(uint64_t n_arrived) const noexcept {
    if (n_arrived >= tensor_.offset + tensor_.n_bytes) return matrix_.n_groups();
    if (transposed_ || n_arrived <= tensor_.offset) return 0;
    return static_cast<size_t>((n_arrived - tensor_.offset) / row_bytes_) / matrix_.rows_per_group;
  }
  uint64_t bytes_of(size_t n_groups) const noexcept {
    return std::min<uint64_t>(uint64_t{n_groups} * matrix_.rows_per_group, matrix_.n_rows) * row_bytes_;
  }

  Status run(const ops::OpContext& context, std::vector<Scratch>& scratch, size_t first_group, size_t end_group) {
    if (transposed_) SOTTO_TRY(read_whole());
    const size_t group_bytes = row_bytes_ * matrix_.rows_per_group;
    const size_t fair = (end_group - first_group + context.pool.size() - 1) / context.pool.size();
    const size_t groups_per_piece = std::clamp<size_t>(kPieceBytes / group_bytes, 1, fair);
    const size_t n_pieces = (end_group - first_group + groups_per_piece - 1) / groups_per_piece;
    FirstError error;
    context.pool.parallel_for(n_pieces, 1, [&](size_t begin, size_t end, size_t thread) {
      for (size_t piece = begin; piece < end && !error.failed(); ++piece) {
        const size_t first = first_group + piece * groups_per_piece, n_groups = std::min(groups_per_piece, end_group - first);
        Status status = context.control.check();
        if (status) status = pack(context.kernels, first, n_groups, scratch[thread]);
        if (!status) error.set(std::move(status).error());
      }
    });
    if (transposed_) source_.release(tensor_.offset, tensor_.n_bytes);
    return error.status();
  }

 private:
  // Every output of a transposed matrix lies scattered over all of it.
  Status read_whole() {
    if (!source_.view().empty()) {
      whole_ = source_.view().data() + tensor_.offset;
      return {};
    }
    SOTTO_ASSIGN(whole_storage_, allocate(tensor_.n_bytes, tensor_.name));
    whole_ = whole_storage_.data();
    return source_.read(tensor_.offset, whole_storage_.bytes());
  }

  Status pack(const kernels::KernelTable& kernels, size_t first_group, size_t n_groups, Scratch& scratch) const {
    const size_t first_row = first_group * matrix_.rows_per_group;
    const size_t n_rows = std::min(n_groups * matrix_.rows_per_group, matrix_.n_rows - first_row);
    Rows rows{nullptr, row_bytes_, matrix_.n_cols};
    if (!transposed_) {
      SOTTO_ASSIGN(rows.data, read_rows(first_row, n_rows, scratch));
    }
    if (transposed_ || matrix_.type != tensor_.type) {
      SOTTO_ASSIGN(rows, round_rows(rows.data, first_row, n_rows, scratch));
    }
    for (size_t group = 0; group < n_groups; ++group) {
      const size_t row = group * matrix_.rows_per_group, n = std::min(matrix_.rows_per_group, n_rows - row);
      const std::byte* const first = rows.data + row * rows.stride;
      std::byte* const out = out_ + (first_group + group) * matrix_.group_bytes;
      if (matrix_.split())
        kernels.split.pack(first, rows.stride, n, rows.n_cols, matrix_.n_cols_padded, out,
                           low_halves(matrix_, out_) + (first_group + group) * matrix_.low_group_bytes);
      else
        kernels.weights[static_cast<size_t>(matrix_.type)].pack(first, rows.stride, n, rows.n_cols, matrix_.n_cols_padded, out);
    }
    if (screen_) {
      const size_t bytes = screen_->scratch_bytes();
      SOTTO_ASSIGN(std::byte* const memory, at_least(scratch.floats, bytes));
      screen_->make(rows.data, rows.stride, rows.n_cols, first_row, n_rows, memory);
    }
    if (!transposed_) source_.release(tensor_.offset + uint64_t{first_row} * row_bytes_, uint64_t{n_rows} * row_bytes_);
    return {};
  }

  Result<const std::byte*> read_rows(size_t first_row, size_t n_rows, Scratch& scratch) const {
    const uint64_t offset = tensor_.offset + uint64_t{first_row} * row_bytes_;
    if (!source_.view().empty()) return source_.view().data() + offset;
    SOTTO_ASSIGN(std::byte* const rows, at_least(scratch.file_rows, n_rows * row_bytes_));
    SOTTO_TRY(source_.read(offset, {rows, n_rows * row_bytes_}));
    return rows;
  }

  // As floats, padded with zeros, then in the held type.
  Result<Rows> round_rows(const std::byte* rows, size_t first_row, size_t n_rows, Scratch& scratch) const {
    const quant::TypeInfo& from = quant::info(tensor_.type);
    const quant::TypeInfo& to = quant::info(matrix_.type);
    const size_t n_cols = matrix_.n_cols, n_padded = matrix_.n_cols_padded, stride = n_padded / to.block_size * to.block_bytes;
    const size_t n_floats = n_rows * n_padded;
    SOTTO_ASSIGN(std::byte* const memory, at_least(scratch.floats, (n_floats + n_rows) * sizeof(float)));
    SOTTO_ASSIGN(std::byte* const held, at_least(scratch.held_rows, n_rows * stride));
    float* const floats = reinterpret_cast<float*>(memory);
    std::fill_n(floats, n_floats, 0.0f);
    if (transposed_) {
      float* const column = floats + n_floats;
      for (size_t c = 0; c < n_cols; ++c) {
        from.decode(whole_ + (c * matrix_.n_rows + first_row) * from.block_bytes, n_rows, column);
        for (size_t r = 0; r < n_rows; ++r) floats[r * n_padded + c] = column[r];
      }
    } else {
      for (size_t r = 0; r < n_rows; ++r) from.decode(rows + r * row_bytes_, n_cols, floats + r * n_padded);
    }
    for (size_t r = 0; r < n_rows; ++r) to.encode(floats + r * n_padded, n_padded, held + r * stride);
    return Rows{held, stride, n_padded};
  }

  const ByteSource& source_;
  const formats::TensorEntry& tensor_;
  const PackedMatrix& matrix_;
  const bool transposed_;
  const size_t row_bytes_;
  std::byte* const out_;
  const ScreenMaker* screen_;
  const std::byte* whole_ = nullptr;
  Buffer whole_storage_;
};

Status load_vector(const formats::ModelFile& file, const WeightItem& item, float offset, float* out) {
  const formats::TensorEntry& tensor = *item.tensor;
  std::vector<std::byte> scratch;
  SOTTO_ASSIGN(const std::span<const std::byte> bytes, formats::tensor_bytes(file, tensor, scratch));
  quant::info(tensor.type).decode(bytes.data(), item.n_floats, out);
  for (size_t i = 0; i < item.n_floats; ++i) {
    if (!std::isfinite(out[i]))
      return Error{ErrorCode::numeric_fault, tensor.name + " holds a number that is not finite, at index " + std::to_string(i),
                   tensor.name};
    out[i] += offset;
  }
  file.sources[tensor.source]->release(tensor.offset, tensor.n_bytes);
  return {};
}

}  // namespace

WeightsLoader::WeightsLoader(const formats::ModelFile& file, const ModelSpec& spec, WeightsPlan plan)
    : file_(&file), norm_weight_offset_(spec.norm_weight_offset), plan_(std::move(plan)) {
  weights_.layers_.resize(spec.n_layers);
  for (const WeightItem& item : plan_.items) total_bytes_ += item.tensor->n_bytes;
}

Status WeightsLoader::allocate() {
  SOTTO_ASSIGN(weights_.arena_, model::allocate(plan_.arena_bytes, "weights"));
  prefer_large_pages(weights_.arena_.data(), weights_.arena_.size());  // all of it is read for every token
  return {};
}

Status WeightsLoader::advance(const ops::OpContext& context, Arrived arrived, const LoadProgress& progress) {
  scratch_.resize(context.pool.size());
  while (item_ < plan_.items.size()) {
    const WeightItem& item = plan_.items[item_];
    const TraceSpan span(context.trace, "pack", per_layer(item.role) ? static_cast<int64_t>(item.layer) : -1);
    SOTTO_TRY(context.control.check());
    const uint64_t done_before = done_bytes_;
    const size_t item_before = item_;
    SOTTO_TRY(advance_item(context, item, arrived(item.tensor->source)));
    if (progress && done_bytes_ != done_before) progress(done_bytes_, total_bytes_);
    if (item_ == item_before) return {};
  }
  return {};
}

Status WeightsLoader::advance_item(const ops::OpContext& context, const WeightItem& item, uint64_t n_arrived) {
  WeightSet& set = per_layer(item.role) ? weights_.layers_[item.layer] : weights_.global_;
  const size_t role = static_cast<size_t>(item.role);
  std::byte* const out = weights_.arena_.data() + item.offset;
  if (item.is_matrix) {
    if (item.screened && !screen_) screen_.emplace(context.kernels, item.matrix, plan_.screen, weights_.arena_.data());
    Packer packer(*file_, item, out, item.screened ? &*screen_ : nullptr);
    const size_t end = packer.groups_in(n_arrived);
    if (end > groups_packed_) SOTTO_TRY(packer.run(context, scratch_, groups_packed_, end));
    done_bytes_ += packer.bytes_of(end) - packer.bytes_of(groups_packed_);
    groups_packed_ = end;
    if (end < item.matrix.n_groups()) return {};
    set.matrices[role] = item.matrix;
    set.matrices[role].data = out;
    if (item.matrix.split()) set.matrices[role].low = low_halves(item.matrix, out);
  } else {
    if (n_arrived < item.tensor->offset + item.tensor->n_bytes) return {};
    float* const values = reinterpret_cast<float*>(out);
    SOTTO_TRY(load_vector(*file_, item, is_norm_weight(item.role) ? norm_weight_offset_ : 0.0f, values));
    set.vectors[role] = values;
    done_bytes_ += item.tensor->n_bytes;
  }
  groups_packed_ = 0;
  ++item_;
  return {};
}

std::optional<std::pair<uint32_t, uint64_t>> WeightsLoader::needs() const noexcept {
  if (item_ == plan_.items.size()) return std::nullopt;
  const formats::TensorEntry& tensor = *plan_.items[item_].tensor;
  return std::pair(tensor.source, tensor.offset);
}

uint64_t Weights::decode_bytes() const noexcept {
  uint64_t unread = global_.matrix(Role::position_embedding).bytes();
  if (&head() != &global_.matrix(Role::token_embedding)) unread += global_.matrix(Role::token_embedding).bytes();
  if (head_screen_) unread += head().split() ? head().n_groups() * head().low_group_bytes : head().bytes();
  return arena_.size() - unread;
}

Weights WeightsLoader::take() {
  if (screen_) weights_.head_screen_ = screen_->screen();
  return std::move(weights_);
}

Result<Weights> load_weights(const formats::ModelFile& file, const ModelSpec& spec, WeightsPlan plan, const ops::OpContext& context,
                             const LoadProgress& progress) {
  WeightsLoader loader(file, spec, std::move(plan));
  SOTTO_TRY(loader.allocate());
  SOTTO_TRY(loader.advance(context, [&](uint32_t source) { return file.sources[source]->size(); }, progress));
  return loader.take();
}

void gather_row(const kernels::KernelTable& kernels, const PackedMatrix& matrix, size_t row, float* out) noexcept {
  const size_t group = row / matrix.rows_per_group, in_group = row % matrix.rows_per_group;
  const std::byte* const codes = matrix.data + group * matrix.group_bytes;
  if (matrix.split())
    kernels.split.unpack_row(codes, matrix.low_group(group), in_group, matrix.n_cols_padded, out);
  else
    kernels.weights[static_cast<size_t>(matrix.type)].unpack_row(codes, in_group, matrix.n_cols_padded, out);
}

}  // namespace sotto::model
