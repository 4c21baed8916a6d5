#include "sotto/incoming_model.h"

#include "generate/incoming.h"

namespace sotto {
namespace {

Error no_headers() {
  return {ErrorCode::invalid_argument, "the headers of the model have not come yet", "model"};
}

}  // namespace

IncomingModel::IncomingModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
IncomingModel::IncomingModel(IncomingModel&&) noexcept = default;
IncomingModel& IncomingModel::operator=(IncomingModel&&) noexcept = default;
IncomingModel::~IncomingModel() = default;

Result<IncomingModel> IncomingModel::make(const ModelOptions& options, const Engine& engine) {
  SOTTO_TRY(options.validate());
  return IncomingModel(std::make_unique<Impl>(options, engine.impl()));
}

std::optional<IncomingModel::Need> IncomingModel::need() const {
  return impl_->need();
}

Status IncomingModel::offer(const std::string& name, uint64_t size) {
  return impl_->after([&] { return impl_->files.offer(name, size); });
}
Status IncomingModel::missing(const std::string& name) {
  return impl_->after([&] { return impl_->files.deny(name); });
}
Status IncomingModel::push(const std::string& name, std::vector<std::byte> bytes) {
  return impl_->after([&] { return impl_->files.push(name, std::move(bytes)); });
}

bool IncomingModel::has_headers() const noexcept {
  return impl_->file.has_value();
}
Result<Inspection> IncomingModel::inspect() const {
  if (!impl_->inspection) return no_headers();
  return *impl_->inspection;
}
Result<MemoryUsage> IncomingModel::plan(const SessionOptions& session) {
  if (!impl_->file) return no_headers();
  if (impl_->error) return *impl_->error;
  SOTTO_TRY(impl_->begin());
  return impl_->load->plan(session);
}

uint64_t IncomingModel::done_bytes() const noexcept {
  return impl_->load ? impl_->load->weights().done_bytes() : 0;
}
uint64_t IncomingModel::total_bytes() const noexcept {
  return impl_->load ? impl_->load->weights().total_bytes() : 0;
}

Result<Model> IncomingModel::finish() {
  SOTTO_ASSIGN(auto impl, impl_->finish());
  return Model(std::move(impl));
}

}  // namespace sotto
