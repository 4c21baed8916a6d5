// All float kernels of one target under the names of KernelTable, for target.cpp to put in its table.
#pragma once

#include "kernels/attention.inl.h"
#include "kernels/elementwise.inl.h"
#include "kernels/kv_layout.inl.h"
#include "kernels/norm.inl.h"
#include "kernels/reduce.inl.h"

namespace sotto::kernels {

template <class Arch>
struct FloatKernels : Norm<Arch>, Elementwise<Arch>, Attention<Arch>, KvStore<Arch>, Reduce<Arch> {};

}  // namespace sotto::kernels
