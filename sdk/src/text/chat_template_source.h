// Where the chat template of a model lies: a GGUF key, a .jinja file of the folder, or a field of its tokenizer_config.json.
#pragma once

#include "formats/model_file.h"

namespace sotto::text {

/// Empty: the model has none. Errors: bad_model: the field that should hold it is malformed.
Result<std::string> chat_template_source(const formats::ModelFile& file);

}  // namespace sotto::text
