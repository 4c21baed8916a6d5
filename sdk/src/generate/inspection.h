// What a model file holds, for people.
#pragma once

#include "generate/model_impl.h"

namespace sotto::generate {

Inspection inspect(const formats::ModelFile& file);

}  // namespace sotto::generate
