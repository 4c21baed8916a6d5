// Split GGUF files, made here; line 33 of the list of bad inputs.
#include "formats/format_test.h"
#include "formats/gguf.h"

namespace sotto::formats {
namespace {

using Files = std::map<std::string, std::string>;

std::string part_name(int part, int n_parts) {
  char name[64];
  std::snprintf(name, sizeof name, "tiny-%05d-of-%05d.gguf", part + 1, n_parts);
  return name;
}

/// One part with one tensor "t<part>" of eight floats, each the number of the part.
std::string part(uint32_t number, uint32_t n_parts, uint32_t n_tensors, const std::string& tensor) {
  GgufWriter writer;
  if (number == 0) writer.set_string("general.architecture", "llama");
  writer.set_u32("split.no", number);
  writer.set_u32("split.count", n_parts);
  writer.set_i32("split.tensors.count", static_cast<int32_t>(n_tensors));
  EXPECT_TRUE(writer.add_tensor(tensor, quant::DType::f32, {8}));
  std::string file;
  const std::vector<float> data(8, static_cast<float>(number));
  EXPECT_TRUE(writer.write_header(sink_into(file)));
  EXPECT_TRUE(writer.write_data(sink_into(file), std::as_bytes(std::span(data))));
  return file;
}

Files three_parts() {
  Files files;
  for (uint32_t i = 0; i < 3; ++i) files[part_name(static_cast<int>(i), 3)] = part(i, 3, 3, "t" + std::to_string(i));
  return files;
}

Result<ModelFile> read_from(const Files& files, int given, const ReadOptions& options = {}) {
  const std::string name = part_name(given, 3);
  return read_model(source_of(files.at(name), "/models/" + name), opener_of(files), options);
}

TEST(GgufSplit, AnyPartOpensTheWholeModel) {
  for (int given = 0; given < 3; ++given) {
    const auto model = read_from(three_parts(), given);
    ASSERT_TRUE(model) << text_of(model);
    EXPECT_EQ(*model->metadata.string("general.architecture"), "llama");
    ASSERT_EQ(model->tensors.size(), 3u);
    for (int i = 0; i < 3; ++i) {
      const TensorEntry* tensor = model->find("t" + std::to_string(i));
      ASSERT_NE(tensor, nullptr);
      std::vector<std::byte> scratch;
      float first;
      std::memcpy(&first, tensor_bytes(*model, *tensor, scratch)->data(), sizeof first);
      EXPECT_EQ(first, static_cast<float>(i));
    }
  }
}

TEST(GgufSplit, Line33MissingPartIsNamed) {
  Files files = three_parts();
  files.erase(part_name(1, 3));
  EXPECT_REFUSED(read_from(files, 0), ErrorCode::not_found, "tiny-00002-of-00003.gguf");
  EXPECT_REFUSED(read_from(files, 2), ErrorCode::not_found, "tiny-00002-of-00003.gguf");
}

TEST(GgufSplit, Line33PartsOfDifferentModelsAreNamed) {
  Files files = three_parts();
  files[part_name(1, 3)] = part(2, 3, 3, "x");
  EXPECT_REFUSED(read_from(files, 0), ErrorCode::bad_model, "tiny-00002-of-00003.gguf");
  files[part_name(1, 3)] = part(1, 4, 3, "x");
  EXPECT_REFUSED(read_from(files, 0), ErrorCode::bad_model, "tiny-00002-of-00003.gguf");
  files[part_name(1, 3)] = part(1, 3, 9, "x");
  EXPECT_REFUSED(read_from(files, 0), ErrorCode::bad_model, "tiny-00002-of-00003.gguf");
  files[part_name(1, 3)] = part(1, 3, 3, "t0");
  EXPECT_REFUSED(read_from(files, 0), ErrorCode::bad_model, "'t0'");
}

TEST(GgufSplit, TheNumberOfTensorsIsChecked) {
  Files files;
  for (uint32_t i = 0; i < 3; ++i) files[part_name(static_cast<int>(i), 3)] = part(i, 3, 4, "t" + std::to_string(i));
  EXPECT_REFUSED(read_from(files, 0), ErrorCode::bad_model, "split.tensors.count");
}

TEST(GgufSplit, TheNameMustTellWhereTheOthersAre) {
  const Files files = three_parts();
  EXPECT_REFUSED(read_model(source_of(files.begin()->second, "renamed.gguf"), opener_of(files)), ErrorCode::bad_model,
                 "-00001-of-00003.gguf");
  EXPECT_REFUSED(read_model(source_of(files.begin()->second, part_name(0, 3)), {}), ErrorCode::bad_model, "part 1 of 3");
}

TEST(GgufSplit, TokenizerOnlyReadsTheFirstPartAlone) {
  Files files = three_parts();
  files.erase(part_name(1, 3));
  const auto model = read_from(files, 2, {.tokenizer_only = true});
  ASSERT_TRUE(model) << text_of(model);
  EXPECT_TRUE(model->metadata.has("general.architecture"));
}

TEST(GgufSplit, OutOfRangeNumbersAreRefused) {
  Files files = three_parts();
  files[part_name(0, 3)] = part(3, 3, 3, "t0");
  EXPECT_REFUSED(read_from(files, 0), ErrorCode::bad_model, "split.no");
}

}  // namespace
}  // namespace sotto::formats
