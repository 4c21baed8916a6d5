#include "hub_name.h"

#include <gtest/gtest.h>

namespace sotto::cli {
namespace {

TEST(HubName, KnowsItsParts) {
  const auto name = parse_hub_name("hf:owner/repo-1/sub/model.Q4_K_M.gguf@v1.0");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->owner, "owner");
  EXPECT_EQ(name->repo, "repo-1");
  EXPECT_EQ(name->file, "sub/model.Q4_K_M.gguf");
  EXPECT_EQ(name->revision, "v1.0");
  EXPECT_EQ(name->folder(), "hf/owner/repo-1@v1.0");

  const auto quant = parse_hub_name("hf:owner/repo:Q8_0");
  ASSERT_TRUE(quant);
  EXPECT_EQ(quant->quant, "q8_0");
  EXPECT_EQ(quant->revision, "main");
  EXPECT_EQ(quant->file, "");
}

TEST(HubName, RefusesWhatIsMalformedOrLeavesItsFolder) {
  for (const char* text : {"",
                           "hf:",
                           "hf:owner",
                           "hf:owner/",
                           "hf:/repo",
                           "hf:owner/repo/",
                           "hf:owner//file",
                           "hf:owner/../file",
                           "hf:../repo",
                           "hf:owner/repo/../../x",
                           "hf:owner/repo/.ssh",
                           "hf:owner/repo@",
                           "hf:owner/repo@../..",
                           "hf:owner/repo:",
                           "hf:owner/repo/file.gguf:q8_0",
                           "hf:owner/repo/a b",
                           "hf:owner/repo/a?b",
                           "hf:owner/repo/a%2e",
                           "hf:owner/r\xC3\xA9po",
                           "owner/repo",
                           "HF:owner/repo"}) {
    const auto name = parse_hub_name(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(name.error().where, "model");
  }
}

using Names = std::vector<std::string>;

TEST(SelectModelFiles, TakesTheOneThatFits) {
  const Names names{"README.md", "m.Q8_0.gguf", "m.Q4_0.gguf"};
  const auto one = select_model_files(names, "q8_0");
  ASSERT_TRUE(one);
  EXPECT_EQ(*one, Names{"m.Q8_0.gguf"});

  const auto several = select_model_files(names, "");
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(several.error().message.find("m.Q4_0.gguf, m.Q8_0.gguf"), std::string::npos) << several.error().message;

  const auto none = select_model_files(names, "q5_k");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
}

TEST(SelectModelFiles, KeepsThePartsOfASplitModelInOrder) {
  const auto parts = select_model_files({"m-00002-of-00002.gguf", "m-00001-of-00002.gguf"}, "");
  ASSERT_TRUE(parts);
  EXPECT_EQ(*parts, (Names{"m-00001-of-00002.gguf", "m-00002-of-00002.gguf"}));
  EXPECT_FALSE(select_model_files({"m-00001-of-00002.gguf", "n-00001-of-00002.gguf"}, ""));
}

TEST(SelectModelFiles, TakesAFolderOfSafeTensorsWithoutOtherWeights) {
  const auto files =
      select_model_files({"config.json", "model.safetensors", "pytorch_model.bin", "tokenizer.json", "README.md"}, "");
  ASSERT_TRUE(files);
  EXPECT_EQ(*files, (Names{"config.json", "tokenizer.json", "model.safetensors"}));
  EXPECT_FALSE(select_model_files({"model.safetensors"}, "")) << "nothing tells what the tensors are";
  EXPECT_FALSE(select_model_files({"../m.gguf", ".m.gguf", "/etc/m.gguf"}, ""));
  EXPECT_FALSE(select_model_files({}, ""));
}

}  // namespace
}  // namespace sotto::cli
