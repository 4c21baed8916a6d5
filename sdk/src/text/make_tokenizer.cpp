#include "text/make_tokenizer.h"

namespace sotto::text {

Result<Tokenizer> make_tokenizer(const formats::ModelFile& file, const TokenizerChoices& choices) {
  return file.naming == formats::Naming::gguf ? make_gguf_tokenizer(file.metadata, choices) : make_hf_tokenizer(file, choices);
}

}  // namespace sotto::text
