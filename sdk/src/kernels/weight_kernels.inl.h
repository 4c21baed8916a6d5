// The WeightKernels of one number type on one target.
#pragma once

#include "kernels/coded_product.inl.h"
#include "kernels/float_product.inl.h"

namespace sotto::kernels {

template <class Arch, class Packing>
struct CodedKernels {
  using Layout = CodedLayout<Arch, Packing>;

  static void matmul(const MatmulArgs& args) {
    using Product = CodedProduct<Arch, Packing>;
    Tiles<Arch, Product>::run(args, Layout::group_bytes(args.n_cols), args.n_cols / kColumnBlock * Product::Record::kTokenBytes);
  }
  static void matmul_f32(const MatmulArgs& args) {
    using Product = FloatProduct<Arch, UnpackedLayout<Arch, Packing>>;
    Tiles<Arch, Product>::run(args, Layout::group_bytes(args.n_cols), args.n_cols * sizeof(float));
  }
};

template <class Arch, class Packing>
struct FloatWeightKernels {
  using Layout = FloatLayout<Arch, Packing>;

  static void matmul(const MatmulArgs& args) {
    Tiles<Arch, FloatProduct<Arch, Layout>>::run(args, Layout::group_bytes(args.n_cols), args.n_cols * sizeof(float));
  }
  static void matmul_f32(const MatmulArgs& args) { matmul(args); }
};

template <class Arch, class Packing, template <class, class> class Kernels>
constexpr WeightKernels entry() {
  using K = Kernels<Arch, Packing>;
  return {K::Layout::kRows, K::Layout::group_bytes, K::Layout::pack, K::Layout::unpack_row, K::matmul, K::matmul_f32};
}

template <class Arch, class Packing>
constexpr WeightKernels weight_kernels() {
  if constexpr (requires { Packing::kBits; })
    return entry<Arch, Packing, CodedKernels>();
  else
    return entry<Arch, Packing, FloatWeightKernels>();
}

}  // namespace sotto::kernels
