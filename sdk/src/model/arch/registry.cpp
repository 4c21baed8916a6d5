// The list of model families. Adding one: its file beside this one, its declaration in architecture.h, and a row here.
#include "model/arch/architecture.h"

namespace sotto::model {

std::span<const Architecture* const> architectures() noexcept {
  static constexpr const Architecture* kAll[] = {&kLlama, &kMistral, &kQwen2, &kQwen3, &kGemma3, &kGpt2};
  return kAll;
}

}  // namespace sotto::model
