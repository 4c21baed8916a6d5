// Which table a machine gets.
#include <algorithm>
#include <string>

#include "kernels/kernel_test.h"

namespace sotto::kernels {
namespace {

CpuFeatures every_feature() {
  return {.sse41 = true,
          .avx2_fma_f16c = true,
          .avx_vnni = true,
          .avx512_vnni = true,
          .neon = true,
          .neon_dotprod = true,
          .neon_i8mm = true,
          .wasm_simd128 = true,
          .wasm_relaxed_simd = true};
}

TEST(DispatchTest, NamesAreUnique) {
  const auto tables = compiled_tables();
  ASSERT_FALSE(tables.empty());
  for (size_t i = 0; i < tables.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_STRNE(tables[i]->name, tables[j]->name);
  }
}

TEST(DispatchTest, TablesAreComplete) {
  using quant::ActivationFormat;
  for (const KernelTable* table : compiled_tables()) {
    ASSERT_TRUE(table->token_tile) << table->name;
    for (const ActivationFormat format :
         {ActivationFormat::f32, ActivationFormat::i8, ActivationFormat::i16, ActivationFormat::i8_rest})
      EXPECT_GE(table->token_tile(format), 1u) << table->name;
    for (const WeightKernels& weights : table->weights) {
      EXPECT_TRUE(weights.rows_per_group > 0 && weights.group_bytes && weights.pack && weights.unpack_row && weights.matmul &&
                  weights.matmul_f32)
          << table->name;
    }
    EXPECT_TRUE(table->activation_bytes && table->quantize_activations && table->rms_norm && table->layer_norm && table->rope &&
                table->activate && table->add && table->scale && table->soft_cap && table->attention &&
                table->attention_scratch_floats && table->attention_span && table->attention_state_floats &&
                table->attention_merge && table->kv_store && table->all_finite && table->argmax && table->max && table->exp_sum)
        << table->name;
  }
}

TEST(DispatchTest, TheBestIsTheLastThatRuns) {
  const KernelTable* last = nullptr;
  for (const KernelTable* table : compiled_tables()) {
    if (runs_on(*table, cpu_features())) last = table;
  }
  EXPECT_EQ(&best_table(cpu_features()), last);
  EXPECT_EQ(&best_table(every_feature()), compiled_tables().back());
}

TEST(DispatchTest, AMachineWithoutAnythingGetsScalar) {
  EXPECT_STREQ(best_table({}).name, "scalar");
  for (const KernelTable* table : compiled_tables()) {
    EXPECT_EQ(runs_on(*table, {}), std::string_view(table->name) == "scalar") << table->name;
    EXPECT_TRUE(runs_on(*table, every_feature())) << table->name;
  }
}

TEST(DispatchTest, TablesByName) {
  for (const KernelTable* table : compiled_tables()) {
    const auto found = find_table(table->name, every_feature());
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(*found, table);
  }
  const auto automatic = find_table("auto", cpu_features());
  ASSERT_TRUE(automatic);
  EXPECT_EQ(*automatic, &best_table(cpu_features()));
}

TEST(DispatchTest, AnUnknownNameIsAnsweredWithTheKnownOnes) {
  for (const char* name : {"", "avx", "SCALAR", "scalar ", "avx3"}) {
    const auto found = find_table(name, cpu_features());
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(found.error().message.find("'" + std::string(name) + "'"), std::string::npos) << found.error().message;
    for (const KernelTable* table : compiled_tables()) {
      EXPECT_NE(found.error().message.find(table->name), std::string::npos) << found.error().message;
    }
  }
}

TEST(DispatchTest, ATargetTheMachineLacksIsUnsupported) {
  for (const KernelTable* table : compiled_tables()) {
    if (std::string_view(table->name) == "scalar") continue;
    const auto found = find_table(table->name, {});
    ASSERT_FALSE(found) << table->name;
    EXPECT_EQ(found.error().code, ErrorCode::unsupported);
    EXPECT_NE(found.error().message.find("scalar"), std::string::npos) << found.error().message;
  }
}

}  // namespace
}  // namespace sotto::kernels
