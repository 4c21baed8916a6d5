// One kernel table: compiled once per row of targets.cmake, with that target's flags and SOTTO_TARGET (its type in simd/targets.h)
// and SOTTO_TARGET_NAME (its name).
#include "kernels/float_kernels.inl.h"
#include "kernels/split_codes.inl.h"
#include "kernels/weight_kernels.inl.h"
#include "quant/all.inl.h"

#define SOTTO_TEXT_INNER(x) #x
#define SOTTO_TEXT(x) SOTTO_TEXT_INNER(x)
#define SOTTO_TABLE_INNER(name) kTable_##name
#define SOTTO_TABLE(name) SOTTO_TABLE_INNER(name)

namespace sotto::kernels {

using Target = simd::SOTTO_TARGET;
using Floats = FloatKernels<Target>;

extern const KernelTable SOTTO_TABLE(SOTTO_TARGET_NAME);

constinit const KernelTable SOTTO_TABLE(SOTTO_TARGET_NAME) = {
    .name = SOTTO_TEXT(SOTTO_TARGET_NAME),
    .weights = {{
#define SOTTO_ROW(id, ...) weight_kernels<Target, quant::id::Packing>(),
#define SOTTO_SKIP(...)
        SOTTO_QUANT_TYPES(SOTTO_ROW, SOTTO_SKIP)
#undef SOTTO_ROW
#undef SOTTO_SKIP
    }},
    .split = split_kernels<Target>(),
    .token_tile = Activations<Target>::token_tile,
    .activation_bytes = Activations<Target>::activation_bytes,
    .quantize_activations = Activations<Target>::quantize_activations,
    .rms_norm = Floats::rms_norm,
    .layer_norm = Floats::layer_norm,
    .rope = Floats::rope,
    .activate = Floats::activate,
    .add = Floats::add,
    .scale = Floats::scale,
    .soft_cap = Floats::soft_cap,
    .attention = Floats::attention,
    .attention_scratch_floats = Floats::attention_scratch_floats,
    .attention_span = Floats::attention_span,
    .attention_state_floats = Floats::attention_state_floats,
    .attention_merge = Floats::attention_merge,
    .kv_store = Floats::kv_store,
    .all_finite = Floats::all_finite,
    .argmax = Floats::argmax,
    .max = Floats::max,
    .exp_sum = Floats::exp_sum,
};

}  // namespace sotto::kernels
