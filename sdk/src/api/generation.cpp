#include "api/generation_impl.h"

namespace sotto {

Generation::Generation(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Generation::Generation(Error error) : impl_(new Impl{std::move(error)}) {}
Generation::Generation(Generation&&) noexcept = default;
Generation& Generation::operator=(Generation&&) noexcept = default;
Generation::~Generation() = default;

std::optional<Piece> Generation::next() {
  return impl_->loop ? (*impl_->loop)->next() : std::nullopt;
}

PrefillProgress Generation::prefill(size_t max_tokens) {
  return impl_->loop ? (*impl_->loop)->prefill(max_tokens) : PrefillProgress();
}

Result<GenerationResult> Generation::result() {
  if (!impl_->loop) return impl_->loop.error();
  return (*impl_->loop)->result();
}

std::string_view Generation::text() const noexcept {
  return impl_->loop ? (*impl_->loop)->text() : std::string_view();
}

std::string_view to_string(FinishReason reason) noexcept {
  constexpr std::string_view kNames[] = {"stop", "stop_string", "length", "cancelled", "deadline"};
  static_assert(std::size(kNames) == static_cast<size_t>(FinishReason::deadline) + 1);
  return kNames[static_cast<size_t>(reason)];
}

}  // namespace sotto
