#include "generate/arriving_files.h"

#include <algorithm>

#include "formats/hf_folder.h"

namespace sotto::generate {
namespace {

constexpr char kFolderStart[] = "config.json";

}  // namespace

Status ArrivingFiles::offer(const std::string& name, uint64_t size) {
  SOTTO_TRY(formats::check_sibling_name(name));
  if (!files_.emplace(name, std::make_shared<ChunkSource>(size, name)).second)
    return Error{ErrorCode::invalid_argument, "the file was offered, or said to be missing, before", name};
  if (first_.empty()) first_ = name;
  return {};
}

Status ArrivingFiles::deny(const std::string& name) {
  if (files_.emplace(name, nullptr).second) return {};
  return Error{ErrorCode::invalid_argument, "the file was offered, or said to be missing, before", name};
}

Status ArrivingFiles::push(const std::string& name, std::vector<std::byte> bytes) {
  const auto file = files_.find(name);
  if (file != files_.end() && file->second) return file->second->push(std::move(bytes));
  return Error{ErrorCode::invalid_argument, "bytes come for a file that was not offered", name};
}

Result<formats::ModelFile> ArrivingFiles::read() {
  need_.reset();
  const formats::SiblingOpener opener = [this](const std::string& name) { return open(name); };
  Result<formats::ModelFile> file = Error{};
  if (first_ == kFolderStart) {
    file = formats::read_hf_folder("the model's folder", opener, {});
  } else {
    auto source = open(first_);
    file = source ? formats::read_model(std::move(*source), opener, {}) : Result<formats::ModelFile>(std::move(source).error());
  }
  if (file || need_) return file;
  for (const auto& [name, source] : files_)
    if (source && source->wanted() > source->arrived()) return lack(name, true, source->wanted());
  return file;
}

std::optional<IncomingModel::Need> ArrivingFiles::need() const {
  std::optional<IncomingModel::Need> need = need_;
  if (need && need->offered) need->offset = arrived(need->file);
  return need;
}

bool ArrivingFiles::can_read_on() const {
  if (!need_) return true;
  const auto file = files_.find(need_->file);
  if (file == files_.end() || !file->second) return file != files_.end();
  return file->second->arrived() >= std::min(read_on_at_, file->second->size());
}

void ArrivingFiles::keep_tensors_of(const formats::ModelFile& file) {
  std::erase_if(files_, [&](const auto& entry) {
    return std::none_of(file.sources.begin(), file.sources.end(), [&](const auto& source) { return source == entry.second; });
  });
  for (uint32_t i = 0; i < file.sources.size(); ++i) {
    uint64_t first = file.sources[i]->size();
    for (const formats::TensorEntry& tensor : file.tensors)
      if (tensor.source == i) first = std::min(first, tensor.offset);
    file.sources[i]->release(0, first);
  }
}

Result<std::shared_ptr<const ByteSource>> ArrivingFiles::open(const std::string& name) {
  SOTTO_TRY(formats::check_sibling_name(name));
  const auto file = files_.find(name);
  if (file == files_.end()) return lack(name, false, 0);
  const auto& source = file->second;
  if (!source) return Error{ErrorCode::not_found, "the model has no such file", name};
  if (source->size() > 0 && source->arrived() == 0) return lack(name, true, 1);
  return std::shared_ptr<const ByteSource>(source);
}

// Reading starts anew each time, so a header that comes in small pieces is tried at ever larger sizes only.
Error ArrivingFiles::lack(const std::string& name, bool offered, uint64_t read_on_at) {
  const uint64_t n_arrived = offered ? arrived(name) : 0;
  need_ = IncomingModel::Need{name, 0, offered};
  read_on_at_ = std::max(read_on_at, n_arrived + n_arrived / 2);
  return {ErrorCode::io_error, "has not come yet", name};
}

}  // namespace sotto::generate
