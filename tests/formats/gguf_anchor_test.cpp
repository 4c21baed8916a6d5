// The 42 verdicts of anchors/gguf.
#include "formats/format_test.h"
#include "formats/gguf.h"
#include "support/anchors.h"

namespace sotto::formats {
namespace {

TEST(GgufAnchors, EveryVerdictAndListedValue) {
  SOTTO_NEEDS(path, test::anchor("gguf/variants.json"));
  const auto document = test::read_json(path);
  size_t n_cases = 0;
  for (const auto& item : document.at("cases")) {
    const std::string name = item.at("name");
    SCOPED_TRACE(name);
    ++n_cases;
    const auto bytes = test::from_hex(item.at("bytes_hex").get<std::string>());
    const auto source = memory_source(bytes, name);
    const auto header = read_gguf_header(*source);
    const auto model = read_gguf(source, {}, {});
    const bool is_whole = item.at("check") == "full" || (header && header->tensors.empty());
    if (item.at("verdict") == "reject") {
      EXPECT_FALSE(model);
      EXPECT_TRUE(!header || item.at("check") == "full");
      EXPECT_TRUE(model || !(model.error().message.empty() || model.error().where.empty())) << text_of(model);
      continue;
    }
    ASSERT_TRUE(header) << text_of(header);
    const auto& expected = item.at("expect");
    EXPECT_EQ(header->version, expected.at("version").get<uint32_t>());
    EXPECT_EQ(header->metadata.values().size(), expected.at("n_kv").get<size_t>());
    EXPECT_EQ(header->tensors.size(), expected.at("n_tensors").get<size_t>());
    EXPECT_EQ(header->alignment, expected.at("alignment").get<uint64_t>());
    EXPECT_EQ(header->data_offset, expected.at("data_offset").get<uint64_t>());
    EXPECT_EQ(model.has_value(), is_whole) << text_of(model);  // a table without its data is no model
    if (!model) continue;
    // Byte i of the data part is i mod 256.
    for (const TensorEntry& tensor : model->tensors) {
      std::vector<std::byte> scratch;
      const auto data = tensor_bytes(*model, tensor, scratch);
      ASSERT_TRUE(data) << text_of(data);
      for (size_t i = 0; i < data->size(); ++i)
        ASSERT_EQ(std::to_integer<uint64_t>((*data)[i]), (tensor.offset - header->data_offset + i) % 256) << tensor.name;
    }
  }
  EXPECT_EQ(n_cases, 42u);
}

}  // namespace
}  // namespace sotto::formats
