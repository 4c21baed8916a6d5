// Sharded SafeTensors: line 45 of the list of bad inputs, and the sharded models of the anchors against their whole twins.
#include <filesystem>

#include "formats/format_test.h"
#include "formats/hf_folder.h"
#include "formats/safetensors_writer.h"
#include "support/anchors.h"

namespace sotto::formats {
namespace {

using Files = std::map<std::string, std::string>;

std::string shard(const std::vector<std::string>& names) {
  const auto data = as_bytes("1234");
  std::vector<SafetensorsTensor> tensors;
  for (const std::string& name : names) tensors.push_back({name, quant::DType::f32, {1}, data});
  std::string file;
  EXPECT_TRUE(write_safetensors(tensors, {}, sink_into(file)));
  return file;
}

Result<ModelFile> read(const std::string& weight_map, Files files) {
  files["config.json"] = "{}";
  files["model.safetensors.index.json"] = "{\"metadata\":{},\"weight_map\":" + weight_map + "}";
  return read_hf_folder("folder", opener_of(files), {});
}

const Files kTwoShards{{"a.safetensors", shard({"x", "y"})}, {"b.safetensors", shard({"z"})}};

TEST(SafetensorsShards, TensorsOfAllShards) {
  const auto model = read(R"({"x":"a.safetensors","z":"b.safetensors","y":"a.safetensors"})", kTwoShards);
  ASSERT_TRUE(model) << text_of(model);
  EXPECT_EQ(model->tensors.size(), 3u);
  EXPECT_EQ(model->sources.size(), 2u);
  EXPECT_EQ(model->sources[model->find("z")->source]->name(), "b.safetensors");
}

TEST(SafetensorsBad, Line45MissingShardIsNamed) {
  EXPECT_REFUSED(read(R"({"x":"a.safetensors","q":"c.safetensors"})", kTwoShards), ErrorCode::not_found, "c.safetensors");
}
TEST(SafetensorsBad, Line45TensorNotInItsShard) {
  EXPECT_REFUSED(read(R"({"x":"b.safetensors"})", kTwoShards), ErrorCode::bad_model, "\"x\"");
}
TEST(SafetensorsBad, Line45SameTensorTwice) {
  Files files = kTwoShards;
  files["b.safetensors"] = shard({"z", "x"});
  EXPECT_REFUSED(read(R"({"x":"a.safetensors","z":"b.safetensors"})", files), ErrorCode::bad_model, "\"x\" occurs in two shards");
}
TEST(SafetensorsBad, Line45IndexIsNoIndex) {
  EXPECT_REFUSED(read("[]", kTwoShards), ErrorCode::bad_model, "weight_map");
  EXPECT_REFUSED(read(R"({"x":1})", kTwoShards), ErrorCode::bad_model, "x");
  EXPECT_REFUSED(read("{", kTwoShards), ErrorCode::bad_model, "JSON");
}
TEST(SafetensorsBad, Line45NamesThatLeaveTheFolder) {
  const auto folder = std::filesystem::temp_directory_path() / "sotto_shards_test";
  std::filesystem::create_directories(folder);
  for (const char* name : {"../shard", "/etc/passwd", "a/../../x", "..\\\\shard", "C:\\\\x", ""}) {
    const auto shards = folder_opener(folder.string());
    const Files files{{"config.json", "{}"},
                      {"model.safetensors.index.json", std::string(R"({"weight_map":{"x":")") + name + "\"}}"}};
    const SiblingOpener opener = [&, memory = opener_of(files)](const std::string& file) {
      auto held = memory(file);
      return held ? held : shards(file);
    };
    const auto model = read_hf_folder("folder", opener, {});
    ASSERT_FALSE(model) << name;
    EXPECT_EQ(model.error().code, ErrorCode::invalid_argument) << text_of(model);
  }
  std::filesystem::remove_all(folder);
}

TEST(SafetensorsShards, AnchorsHoldTheSameTensorsAsTheirWholeTwins) {
  for (const std::string& name : std::vector<std::string>{"gemma3", "gpt2", "llama-gqa-tied", "qwen3"}) {
    SOTTO_NEEDS(whole_path, test::anchor("transformers/" + name));
    SOTTO_NEEDS(sharded_path, test::anchor("transformers/" + name + "-sharded"));
    const auto whole = read_model(whole_path), sharded = read_model(sharded_path);
    ASSERT_TRUE(whole) << text_of(whole);
    ASSERT_TRUE(sharded) << text_of(sharded);
    EXPECT_GT(sharded->sources.size(), 1u);
    ASSERT_EQ(whole->tensors.size(), sharded->tensors.size());
    for (const TensorEntry& tensor : whole->tensors) {
      const TensorEntry* other = sharded->find(tensor.name);
      ASSERT_NE(other, nullptr) << tensor.name;
      std::vector<std::byte> a, b;
      const auto bytes = tensor_bytes(*whole, tensor, a), other_bytes = tensor_bytes(*sharded, *other, b);
      ASSERT_TRUE(bytes && other_bytes);
      EXPECT_EQ(tensor.shape, other->shape);
      EXPECT_TRUE(std::equal(bytes->begin(), bytes->end(), other_bytes->begin(), other_bytes->end())) << tensor.name;
    }
  }
}

TEST(SafetensorsShards, AnyShardGivenAsAFileOpensTheWholeModel) {
  SOTTO_NEEDS(path, test::anchor("transformers/gpt2-sharded"));
  const auto by_folder = read_model(path), by_shard = read_model(path + "/model-00002-of-00006.safetensors");
  ASSERT_TRUE(by_folder) << text_of(by_folder);
  ASSERT_TRUE(by_shard) << text_of(by_shard);
  EXPECT_EQ(by_folder->tensors.size(), by_shard->tensors.size());
}

}  // namespace
}  // namespace sotto::formats
