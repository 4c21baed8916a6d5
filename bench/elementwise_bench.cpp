// Norms, activations, rotation and rounding of one token of SmolLM2's shape: NAME/TARGET.
#include <vector>

#include "targets.h"

namespace sotto::bench {
namespace {

using kernels::KernelTable;
using quant::ActivationFormat;

constexpr size_t kDim = 576, kFfn = 1536;

struct Rows {
  std::vector<float> x = std::vector<float>(kFfn, 0.3f), y = std::vector<float>(kFfn, 0.7f), out = std::vector<float>(kFfn);
  std::vector<std::byte> rounded;
};

template <class Step>
void add(const KernelTable& table, const std::string& name, size_t n, Step step) {
  benchmark::RegisterBenchmark((name + "/" + table.name).c_str(), [&table, n, step](benchmark::State& state) {
    Rows rows;
    rows.rounded.resize(table.activation_bytes(ActivationFormat::f32, kFfn, 1) +
                        table.activation_bytes(ActivationFormat::i16, kFfn, 1));
    for (auto _ : state) {
      step(table, rows);
      benchmark::ClobberMemory();
    }
    set_rate(state, "items/s", static_cast<double>(n));
  });
}

const int registered = for_each_target("", [](const KernelTable& table, const std::string&) {
  add(table, "rms_norm", kDim,
      [](const KernelTable& k, Rows& r) { k.rms_norm(r.x.data(), r.y.data(), 1e-5f, kDim, r.out.data()); });
  add(table, "layer_norm", kDim,
      [](const KernelTable& k, Rows& r) { k.layer_norm(r.x.data(), r.y.data(), r.y.data(), 1e-5f, kDim, r.out.data()); });
  add(table, "silu", kFfn,
      [](const KernelTable& k, Rows& r) { k.activate(kernels::Activation::silu, r.x.data(), r.y.data(), kFfn, r.out.data()); });
  add(table, "gelu_tanh", kFfn, [](const KernelTable& k, Rows& r) {
    k.activate(kernels::Activation::gelu_tanh, r.x.data(), r.y.data(), kFfn, r.out.data());
  });
  add(table, "rope", kDim,
      [](const KernelTable& k, Rows& r) { k.rope(r.x.data(), 9, 64, 64, kernels::RopePairs::halves, r.y.data(), r.y.data()); });
  add(table, "round_i8", kFfn, [](const KernelTable& k, Rows& r) {
    k.quantize_activations(ActivationFormat::i8, r.x.data(), kFfn, 1, kFfn, kFfn, r.rounded.data());
  });
  add(table, "round_i16", kFfn, [](const KernelTable& k, Rows& r) {
    k.quantize_activations(ActivationFormat::i16, r.x.data(), kFfn, 1, kFfn, kFfn, r.rounded.data());
  });
});

}  // namespace
}  // namespace sotto::bench
