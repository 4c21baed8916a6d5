// How the SDK's results look as JSON, in every binding: the names of their fields.
#pragma once

#include "facade/json_text.h"
#include "sotto/sotto.h"

namespace sotto::facade {

JsonText json_of(const MemoryUsage& memory);
JsonText json_of(const Inspection& inspection);
/// The fields of ModelInfo, has_chat_template, warnings.
JsonText json_of(const Model& model);
JsonText json_of(const Piece& piece);
JsonText json_of(const GenerationResult& result);

}  // namespace sotto::facade
