// ArrivingFiles: the files of a model while they come, and the one question a reader may ask too early: for bytes, or for a file,
// that nobody has brought yet. Then reading ends with an error, need() tells what it lacked, and the reader is asked again later.
#pragma once

#include <map>
#include <optional>

#include "formats/registry.h"
#include "sotto/incoming_model.h"

namespace sotto::generate {

class ArrivingFiles {
 public:
  /// Errors: invalid_argument: a name offered or denied before.
  Status offer(const std::string& name, uint64_t size);
  Status deny(const std::string& name);
  /// Errors: invalid_argument: not offered, or more than its size.
  Status push(const std::string& name, std::vector<std::byte> bytes);

  /// The first file that was offered; empty: none was.
  const std::string& first() const noexcept { return first_; }

  /// Reads the headers with what is there. Errors: those of formats::read_model; any error, while need() tells that more must come.
  Result<formats::ModelFile> read();
  /// What the last read() lacked; nothing: it had all it asked for.
  std::optional<IncomingModel::Need> need() const;
  /// Whether what it lacked has come.
  bool can_read_on() const;

  /// Lets go of the files that are no source of `file`, and of what is in front of the tensors.
  void keep_tensors_of(const formats::ModelFile& file);
  /// `name`: of a file that was offered.
  uint64_t arrived(const std::string& name) const { return files_.at(name)->arrived(); }

 private:
  Result<std::shared_ptr<const ByteSource>> open(const std::string& name);
  Error lack(const std::string& name, bool offered, uint64_t read_on_at);

  std::map<std::string, std::shared_ptr<ChunkSource>> files_;  // nullptr: there is no such file
  std::string first_;
  std::optional<IncomingModel::Need> need_;
  uint64_t read_on_at_ = 0;  // bytes of the needed file with which reading is worth another try
};

}  // namespace sotto::generate
