#include "generate/incoming.h"

namespace sotto {

std::optional<IncomingModel::Need> IncomingModel::Impl::need() const {
  if (error) return std::nullopt;
  if (!file) return files.need() ? files.need() : Need{files.first(), 0, !files.first().empty()};
  for (uint32_t source = 0; source < file->sources.size(); ++source) {
    const ByteSource& bytes = *file->sources[source];
    const auto lacking = load ? load->weights().needs() : std::nullopt;
    // What the weights lack comes first; what they have no use for is taken all the same, for who checks or keeps whole files.
    if (lacking && lacking->first != source) continue;
    if (const uint64_t n = arrived(source); n < bytes.size()) return Need{bytes.name(), n, true};
  }
  return std::nullopt;
}

Status IncomingModel::Impl::go_on() {
  if (!file) {
    if (files.first().empty() || !files.can_read_on()) return {};
    Result<formats::ModelFile> read = files.read();
    if (!read) return files.need() ? Status() : Status(std::move(read).error());
    file = std::move(*read);
    inspection = generate::inspect(*file);
    files.keep_tensors_of(*file);
    return {};
  }
  SOTTO_TRY(begin());
  // Padding, and tensors that nobody needs.
  const auto lacking = load->weights().needs();
  const uint32_t current = lacking ? lacking->first : static_cast<uint32_t>(file->sources.size());
  for (uint32_t source = 0; source < current; ++source) file->sources[source]->release(0, file->sources[source]->size());
  if (lacking) file->sources[current]->release(0, lacking->second);
  return load->advance([&](uint32_t source) { return arrived(source); });
}

Status IncomingModel::Impl::begin() {
  if (load) return {};
  SOTTO_ASSIGN(load, generate::ModelLoad::begin(*file, options, engine, started));
  return {};
}

Result<std::shared_ptr<const Model::Impl>> IncomingModel::Impl::finish() {
  if (const auto lacking = need())
    return Error{ErrorCode::invalid_argument,
                 "the model is not complete: bytes are missing from " + std::to_string(lacking->offset) + " on",
                 lacking->file.empty() ? "model" : lacking->file};
  SOTTO_TRY(after([] { return Status(); }));
  auto model = load->finish();
  if (!model) error = model.error();
  load.reset();
  file.reset();
  files = {};
  return model;
}

}  // namespace sotto
