// The head's screen: high halves and bounds are those of its rows, whatever type it is held in and in how many calls it is made.
#include "model/head_screen.h"

#include <cmath>

#include "model_test.h"

namespace sotto::model {
namespace {

TEST(HeadScreen, IsMadeOfTheRows) {
  const kernels::KernelTable& kernels = best_kernels();
  const quant::TypeInfo& coded = quant::info(quant::DType::q8_0);
  const size_t n_rows = 37, n_cols = 96;
  for (const quant::DType type : {quant::DType::q8_0, quant::DType::f16}) {
    const quant::TypeInfo& held = quant::info(type);
    std::vector<float> numbers(n_rows * n_cols);
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::sin(static_cast<float>(i * i % 1013));
    const size_t row_bytes = n_cols / held.block_size * held.block_bytes,
                 coded_bytes = n_cols / coded.block_size * coded.block_bytes;
    std::vector<std::byte> rows(n_rows * row_bytes), coded_rows(n_rows * coded_bytes);
    held.encode(numbers.data(), numbers.size(), rows.data());
    held.decode(rows.data(), numbers.size(), numbers.data());
    coded.encode(numbers.data(), numbers.size(), coded_rows.data());

    ScreenItem item;
    PackedMatrix head{nullptr, type, n_rows, n_cols, n_cols, kernels.split.rows_per_group, 0, nullptr, 0};
    item.high = head;
    item.high.group_bytes = kernels.split.high_bytes(n_cols);
    item.high.type = coded.type;
    if (type == coded.type) head.low_group_bytes = kernels.split.low_bytes(n_cols);
    item.rests_offset = round_up(item.high.bytes(), 64);
    std::vector<std::byte> arena(item.rests_offset + n_rows * sizeof(float) + 64);
    std::byte* const base = arena.data() + (64 - reinterpret_cast<uintptr_t>(arena.data()) % 64);
    const ScreenMaker maker(kernels, head, item, base);
    std::vector<float> scratch(maker.scratch_bytes() / sizeof(float) + 1);
    std::byte* const memory = reinterpret_cast<std::byte*>(scratch.data());
    const size_t per_group = kernels.split.rows_per_group,
                 half = 2 * per_group <= n_rows ? per_group : 0;  // in two calls, if enough
    maker.make(rows.data(), row_bytes, n_cols, 0, half, memory);
    maker.make(rows.data() + half * row_bytes, row_bytes, n_cols, half, n_rows - half, memory);

    const ops::RowScreen& screen = maker.screen();
    for (size_t r = 0; r < n_rows; ++r) {
      const float* exact = type == coded.type ? nullptr : numbers.data() + r * n_cols;
      EXPECT_EQ(screen.rests[r], ops::rest_bound(kernels.split.rest(coded_rows.data() + r * coded_bytes, exact, n_cols)));
    }
    if (type == coded.type) continue;  // its high halves are its own
    std::vector<std::byte> group(item.high.group_bytes);
    for (size_t r = 0; r < n_rows; r += per_group) {
      kernels.split.pack(coded_rows.data() + r * coded_bytes, coded_bytes, std::min(per_group, n_rows - r), n_cols, n_cols,
                         group.data(), nullptr);
      EXPECT_TRUE(std::equal(group.begin(), group.end(), screen.high.data + r / per_group * item.high.group_bytes)) << "row " << r;
    }
  }
}

}  // namespace
}  // namespace sotto::model
