// Incoming: a load that goes as far as the bytes reach: first the headers, again and again until they are whole, then everything
// but the weights, then the weights row by row.
#pragma once

#include "generate/arriving_files.h"
#include "generate/inspection.h"
#include "generate/load_model.h"

namespace sotto {

struct IncomingModel::Impl {
  Impl(const ModelOptions& model_options, std::shared_ptr<Engine::Impl> shared_engine)
      : options(model_options), engine(std::move(shared_engine)) {}

  std::optional<Need> need() const;
  /// Goes on with what `arrival` has changed; both errors stay.
  template <class Arrival>
  Status after(Arrival arrival) {
    if (!error) {
      Status status = arrival();
      if (status) status = go_on();
      if (!status) error = std::move(status).error();
    }
    return error ? Status(*error) : Status();
  }
  Status go_on();
  /// Everything but the weights, when all headers are read.
  Status begin();
  Result<std::shared_ptr<const Model::Impl>> finish();
  uint64_t arrived(uint32_t source) const { return files.arrived(file->sources[source]->name()); }

  const ModelOptions options;
  const std::shared_ptr<Engine::Impl> engine;
  const generate::ModelLoad::Clock::time_point started = generate::ModelLoad::Clock::now();
  generate::ArrivingFiles files;
  std::optional<formats::ModelFile> file;  // when all headers are read
  std::optional<Inspection> inspection;    // of its texts too, which are let go of
  std::optional<generate::ModelLoad> load;
  std::optional<Error> error;
};

}  // namespace sotto
