// The tokenizer a model file carries: of GGUF, tokenizer.ggml.model "gpt2" and "llama"; of a Hugging Face folder, tokenizer.json
// with byte-level BPE or BPE with byte fallback. Anything else is refused by name (`unsupported`).
#pragma once

#include "formats/model_file.h"
#include "sotto/tokenizer.h"

namespace sotto::text {

struct TokenizerChoices {
  /// Cut words by the rules called "default" where the file names a pre-tokenizer that is not known; a warning is recorded.
  bool guess_pre_tokenizer = false;
};

/// Errors: bad_model naming the key or entry; unsupported naming the model, pre-tokenizer, pattern or part; not_found without
/// tokenizer.
Result<Tokenizer> make_tokenizer(const formats::ModelFile& file, const TokenizerChoices& choices = {});

// The rows of make_tokenizer.
Result<Tokenizer> make_gguf_tokenizer(const formats::Metadata& metadata, const TokenizerChoices& choices);
Result<Tokenizer> make_hf_tokenizer(const formats::ModelFile& file, const TokenizerChoices& choices);

}  // namespace sotto::text
