// Published files: headers only, and vocabularies that are no models.
#include "formats/format_test.h"
#include "formats/gguf.h"
#include "support/anchors.h"

namespace sotto::formats {
namespace {

struct Published {
  const char* file;
  size_t n_tensors;
  const char* architecture;
  size_t n_tokens;
};

void expect_published(const std::string& path, const Published& published) {
  for (const FileAccess access : {FileAccess::mapped, FileAccess::read}) {
    const auto model = read_model(path, {.access = access});
    ASSERT_TRUE(model) << text_of(model);
    EXPECT_EQ(model->tensors.size(), published.n_tensors);
    EXPECT_EQ(*model->metadata.string("general.architecture"), published.architecture);
    EXPECT_EQ(model->metadata.strings("tokenizer.ggml.tokens")->size(), published.n_tokens);
    EXPECT_LT(model->tensor_bytes(), model->sources[0]->size());
  }
}

TEST(RealFiles, SmolLm2) {
  SOTTO_NEEDS(path, test::cached_model("SmolLM2-135M-Instruct.Q4_1.gguf"));
  expect_published(path, {"", 272, "llama", 49152});
}
TEST(RealFiles, Gemma3) {
  SOTTO_NEEDS(path, test::cached_model("gemma-3-270m-q4_k_m.gguf"));
  expect_published(path, {"", 236, "gemma3", 262144});
}
TEST(RealFiles, Stories260K) {
  SOTTO_NEEDS(path, test::anchor("models/stories260K.f32.gguf"));
  expect_published(path, {"", 47, "llama", 512});
}
TEST(RealFiles, VocabulariesOpenAsTokenizers) {
  for (const auto& [name, n_tokens] : {std::pair{"gpt-2", 50257u}, {"llama-spm", 32000u}, {"phi-3", 32064u}}) {
    SOTTO_NEEDS(path, test::anchor(std::string("vocab/ggml-vocab-") + name + ".gguf"));
    const auto model = read_model(path, {.tokenizer_only = true});
    ASSERT_TRUE(model) << text_of(model);
    EXPECT_TRUE(model->tensors.empty());
    EXPECT_EQ(model->metadata.strings("tokenizer.ggml.tokens")->size(), n_tokens);
  }
}

}  // namespace
}  // namespace sotto::formats
