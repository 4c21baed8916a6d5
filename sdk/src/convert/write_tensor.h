// Reads a tensor strip by strip, brings it into its new order and type, and writes it: a few MiB at a time.
#pragma once

#include <functional>

#include "convert/tensor_jobs.h"
#include "formats/gguf_writer.h"

namespace sotto::convert {

/// `advance(n)`: n more bytes of the source are done; its error ends the writing. The writer's next tensor must be this job's.
/// Errors: as ByteSource::read and the sink; out_of_memory.
Status write_tensor(const formats::ModelFile& file, const TensorJob& job, formats::GgufWriter& writer,
                    const formats::ByteSink& sink, const std::function<Status(uint64_t n)>& advance);

}  // namespace sotto::convert
