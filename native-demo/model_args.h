// The options that say which model to open and how, shared by the commands that compute.
#pragma once

#include <string>

#include "command.h"
#include "sotto/model.h"

namespace sotto::cli {

struct ModelArgs {
  std::string name;  // MODEL as the user wrote it
  ModelOptions model;
  SessionOptions session;
  std::string kv = "f16";
};

/// MODEL. For commands that read no weights this is all.
void add_model_name(CLI::App& app, std::string& name);
/// --quantize, --activations, --screen-head and --round-rope.
void add_load_options(CLI::App& app, ModelArgs& args);
/// --context and --kv.
void add_session_options(CLI::App& app, ModelArgs& args);
/// --trace FILE.
void add_trace_option(CLI::App& app, std::string& path);

/// Path of a file or folder: MODEL itself when it exists, or what `sotto pull` brought. Errors: not_found, saying how to get it.
Result<std::string> find_model(const std::string& name);

/// Faults of the options, before anything is read; fills session.cache from --kv. Errors: invalid_argument.
Status check(ModelArgs& args);

/// Opens with progress, and prints the model's warnings.
Result<Model> open_model(const ModelArgs& args, const CommonOptions& common, const Engine& engine, const CancelToken& cancel);

/// Spans of a whole command, written when the command ends well or not.
class Trace {
 public:
  /// An empty path: no trace.
  explicit Trace(std::string path) : path_(std::move(path)) {}

  Result<Engine> make_engine(EngineOptions options);
  /// `done` when it failed, otherwise the writing.
  Status finish(Status done) const;

 private:
  std::string path_;
  TraceRecorder recorder_;
};

}  // namespace sotto::cli
