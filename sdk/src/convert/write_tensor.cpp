#include "convert/write_tensor.h"

#include <algorithm>

#include "buffer.h"

namespace sotto::convert {
namespace {

constexpr size_t kStripNumbers = size_t{1} << 18;

class Strips {
 public:
  Strips(const formats::ModelFile& file, const TensorJob& job)
      : job_(job),
        source_(*file.sources[job.source->source]),
        from_(quant::info(job.source->type)),
        to_(quant::info(job.type)),
        rows_(job.rows),
        columns_(job.columns),
        changed_(job.added != 0 || job.factor != 1) {
    if (job.order != RowOrder::as_written) return;
    // Rows do not matter then: strips are cut wherever blocks of both types end.
    columns_ = std::max(from_.block_size, to_.block_size);
    rows_ = uint64_t{job.rows} * job.columns / columns_;
  }

  Status write(formats::GgufWriter& writer, const formats::ByteSink& sink, const std::function<Status(uint64_t)>& advance) {
    const auto rows_at_once = static_cast<size_t>(std::min<uint64_t>(rows_, std::max<size_t>(1, kStripNumbers / columns_)));
    SOTTO_ASSIGN(numbers_, Buffer::allocate(rows_at_once * columns_ * sizeof(float), "a strip of a tensor"));
    SOTTO_ASSIGN(read_, Buffer::allocate(static_cast<size_t>(file_bytes(rows_at_once * columns_)), "a strip of a tensor"));
    SOTTO_ASSIGN(Buffer encoded,
                 Buffer::allocate(rows_at_once * columns_ / to_.block_size * to_.block_bytes, "a strip of a tensor"));
    for (uint64_t row = 0; row < rows_; row += rows_at_once) {
      const auto n_rows = static_cast<size_t>(std::min<uint64_t>(rows_at_once, rows_ - row));
      const size_t n = n_rows * columns_;
      if (job_.order == RowOrder::as_written && from_.type == to_.type && !changed_) {
        SOTTO_ASSIGN(const auto bytes, bytes_of(row * columns_, n));
        SOTTO_TRY(writer.write_data(sink, bytes));
      } else {
        SOTTO_TRY(decode(row, n_rows));
        float* numbers = numbers_.as<float>();
        if (changed_)
          for (size_t i = 0; i < n; ++i) numbers[i] = (numbers[i] + job_.added) * job_.factor;
        to_.encode(numbers, n, encoded.data());
        SOTTO_TRY(writer.write_data(sink, encoded.bytes().first(n / to_.block_size * to_.block_bytes)));
      }
      if (job_.order == RowOrder::as_written) source_.release(job_.source->offset + file_bytes(row * columns_), file_bytes(n));
      SOTTO_TRY(advance(file_bytes(n)));
    }
    source_.release(job_.source->offset, job_.source->n_bytes);
    return {};
  }

 private:
  uint64_t file_bytes(uint64_t n_numbers) const { return n_numbers / from_.block_size * from_.block_bytes; }

  /// n numbers from the one with index `first` on, as they lie in the file.
  Result<std::span<const std::byte>> bytes_of(uint64_t first, size_t n) {
    const uint64_t offset = job_.source->offset + file_bytes(first);
    const auto n_bytes = static_cast<size_t>(file_bytes(n));
    if (const auto view = source_.view(); !view.empty()) return view.subspan(static_cast<size_t>(offset), n_bytes);
    const auto out = read_.bytes().first(n_bytes);
    SOTTO_TRY(source_.read(offset, out));
    return std::span<const std::byte>(out);
  }

  Status decode_run(uint64_t first, size_t n, float* out) {
    SOTTO_ASSIGN(const auto bytes, bytes_of(first, n));
    from_.decode(bytes.data(), n, out);
    return {};
  }

  /// Rows [row, row + n_rows) of the new order to numbers_.
  Status decode(uint64_t row, size_t n_rows) {
    float* out = numbers_.as<float>();
    if (job_.order == RowOrder::as_written) return decode_run(row * columns_, n_rows * columns_, out);
    if (job_.order == RowOrder::halves) {
      for (size_t i = 0; i < n_rows; ++i) {
        const uint64_t in_head = (row + i) % job_.head_dim, head = row + i - in_head;
        const uint64_t from = head + in_head % 2 * (job_.head_dim / 2) + in_head / 2;
        SOTTO_TRY(decode_run(from * columns_, columns_, out + i * columns_));
      }
      return {};
    }
    SOTTO_ASSIGN(Buffer column, Buffer::allocate(n_rows * sizeof(float), "a strip of a tensor"));
    for (size_t c = 0; c < columns_; ++c) {
      SOTTO_TRY(decode_run(c * rows_ + row, n_rows, column.as<float>()));
      for (size_t i = 0; i < n_rows; ++i) out[i * columns_ + c] = column.as<float>()[i];
    }
    return {};
  }

  const TensorJob& job_;
  const ByteSource& source_;
  const quant::TypeInfo &from_, &to_;
  uint64_t rows_;
  size_t columns_;
  bool changed_;
  Buffer numbers_, read_;
};

}  // namespace

Status write_tensor(const formats::ModelFile& file, const TensorJob& job, formats::GgufWriter& writer,
                    const formats::ByteSink& sink, const std::function<Status(uint64_t n)>& advance) {
  if (!job.source) return writer.write_data(sink, std::as_bytes(std::span(job.values)));
  return Strips(file, job).write(writer, sink, advance);
}

}  // namespace sotto::convert
