#include "sotto/quantize.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "convert/gguf_keys.h"
#include "convert/spec_keys.h"
#include "convert/tensor_jobs.h"
#include "convert/tokenizer_keys.h"
#include "convert/write_tensor.h"
#include "file_sink.h"
#include "formats/gguf_writer.h"
#include "formats/registry.h"

namespace sotto {
namespace {

using convert::Keys;
using convert::TensorJob;
using formats::ModelFile;
using quant::DType;

struct OutputType {
  DType type;
  uint32_t file_type;  // llama.cpp's number for files that are mostly of the type
};
constexpr OutputType kOutputTypes[] = {{DType::q8_0, 7}, {DType::q4_0, 2}, {DType::f16, 1}};
constexpr uint32_t kQuantizationVersion = 2;

Result<OutputType> find_type(const std::string& name) {
  std::string wanted;
  for (const OutputType& row : kOutputTypes) {
    if (quant::info(row.type).name == name) return row;
    wanted += (wanted.empty() ? "" : ", ") + std::string(quant::info(row.type).name);
  }
  return Error{ErrorCode::unsupported, "files of the type '" + name + "' are not written; wanted: " + wanted, "type"};
}

/// Renaming the finished file to the name of a source would destroy the source.
Status check_output(const ModelFile& file, const std::string& output) {
  for (const auto& source : file.sources) {
    std::error_code ignored;  // where one of the two is not there they are not the same
    if (std::filesystem::equivalent(source->name(), output, ignored))
      return Error{ErrorCode::invalid_argument, "the output is the file that is read: " + source->name(), "output"};
  }
  return {};
}

Result<Keys> keys_of(const ModelFile& file, const model::ModelSpec& spec, const RunControl& control, std::vector<TensorJob>& jobs) {
  if (file.naming == formats::Naming::gguf) return convert::gguf_keys(file);
  SOTTO_ASSIGN(Keys keys, convert::spec_keys(file, spec, jobs));
  SOTTO_ASSIGN(Keys text, convert::tokenizer_keys(file, spec.n_vocab, control));
  std::move(text.begin(), text.end(), std::back_inserter(keys));
  return keys;
}

Result<formats::GgufWriter> make_writer(const Keys& keys, const std::vector<TensorJob>& jobs, const OutputType& type) {
  formats::GgufWriter writer;
  for (const auto& [key, value] : keys) SOTTO_TRY(writer.set(key, value));
  writer.set_u32("general.file_type", type.file_type);
  writer.set_u32("general.quantization_version", kQuantizationVersion);
  for (const TensorJob& job : jobs) SOTTO_TRY(writer.add_tensor(job.name, job.type, job.shape()));
  return writer;
}

Status write(const ModelFile& file, const std::vector<TensorJob>& jobs, formats::GgufWriter& writer, const std::string& output,
             const QuantizeOptions& options, uint64_t total_bytes) {
  SOTTO_ASSIGN(FileSink out, FileSink::create(output));
  const formats::ByteSink sink = [&](std::span<const std::byte> bytes) { return out.write(bytes); };
  uint64_t done_bytes = 0;
  const auto advance = [&](uint64_t n) {
    done_bytes += n;
    if (options.progress) options.progress(done_bytes, total_bytes);
    return options.control.check();
  };
  SOTTO_TRY(options.control.check());
  SOTTO_TRY(writer.write_header(sink));
  for (const TensorJob& job : jobs) SOTTO_TRY(convert::write_tensor(file, job, writer, sink, advance));
  SOTTO_TRY(writer.finish());
  return out.commit();
}

}  // namespace

Result<QuantizeReport> quantize_file(const std::string& input, const std::string& output, const QuantizeOptions& options) {
  SOTTO_ASSIGN(const OutputType type, find_type(options.type));
  SOTTO_ASSIGN(const ModelFile file, formats::read_model(input));
  SOTTO_TRY(check_output(file, output));
  SOTTO_ASSIGN(const model::ModelSpec spec, model::read_spec(file));
  SOTTO_ASSIGN(std::vector<TensorJob> jobs, convert::plan_tensors(file, spec, type.type));
  SOTTO_ASSIGN(const Keys keys, keys_of(file, spec, options.control, jobs));
  SOTTO_ASSIGN(formats::GgufWriter writer, make_writer(keys, jobs, type));

  QuantizeReport report;
  for (const TensorJob& job : jobs) {
    if (job.source) report.input_bytes += job.source->n_bytes;
    if (job.quantizable && job.type == type.type) ++report.quantized;
    if (job.quantizable && job.type != type.type) report.kept.push_back(job.name);
  }
  report.output_bytes = writer.file_bytes();
  SOTTO_TRY(write(file, jobs, writer, output, options, report.input_bytes));
  return report;
}

}  // namespace sotto
