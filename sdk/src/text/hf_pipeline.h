// The sections of tokenizer.json around the model: what happens to a text before BPE (normalizer, pre_tokenizer), to the ids after
// it (post_processor), and on the way back (decoder). Parts that are not known are refused by name (`unsupported`).
#pragma once

#include <string_view>

#include "text/make_tokenizer.h"
#include "text/tokenizer_impl.h"

namespace sotto::text {

// `json`: text of the section; empty when the file has none. Each fills in its part of `impl`.
Status read_normalizer(std::string_view json, Tokenizer::Impl& impl);
Status read_pre_tokenizer(std::string_view json, const TokenizerChoices& choices, Tokenizer::Impl& impl);  // after the normalizer
Status read_post_processor(std::string_view json, Tokenizer::Impl& impl);  // after the vocabulary, against which ids are checked
Status read_decoder(std::string_view json, Tokenizer::Impl& impl);

}  // namespace sotto::text
