#include "sotto/engine.h"

#include "cpu_features.h"
#include "generate/engine_impl.h"
#include "kernels/dispatch.h"

namespace sotto {

Result<Engine> Engine::make(const EngineOptions& options) {
  SOTTO_TRY(options.validate());
  SOTTO_ASSIGN(const kernels::KernelTable* table, kernels::find_table(options.target, cpu_features()));
  return Engine(std::make_shared<Impl>(*table, options));
}

size_t Engine::threads() const noexcept {
  return impl_->pool.size();
}
std::string_view Engine::target() const noexcept {
  return impl_->kernels.name;
}
uint64_t Engine::used_bytes() const noexcept {
  return impl_->budget.used_bytes();
}

std::vector<std::string_view> Engine::targets() {
  std::vector<std::string_view> names;
  for (const kernels::KernelTable* table : kernels::compiled_tables()) names.push_back(table->name);
  return names;
}

}  // namespace sotto
