// The tokenizer and the chat template of a Hugging Face folder, in the keys of GGUF.
#pragma once

#include "convert/keys.h"
#include "sotto/cancel.h"

namespace sotto::convert {

/// None for a folder without tokenizer.json. The model has `n_vocab` ids: those that no piece has are filled up, added tokens above
/// them are left out. Errors: as text::make_tokenizer; unsupported: GGUF cannot hold it so that texts give the same ids.
Result<Keys> tokenizer_keys(const formats::ModelFile& file, size_t n_vocab, const RunControl& control);

}  // namespace sotto::convert
