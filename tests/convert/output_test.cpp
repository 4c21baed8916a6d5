// What can go wrong on the way leaves no file, and says why.
#include "convert/convert_test.h"
#include "support/tiny_model.h"

namespace sotto::convert {
namespace {

class Output : public ConvertTest {
 protected:
  void SetUp() override {
    ConvertTest::SetUp();
    in_ = write("in.gguf", test::tiny_llama_gguf());
  }
  void expect_only_the_input() const { EXPECT_EQ(names(), std::vector<std::string>{"in.gguf"}); }

  std::string in_;
};

TEST_F(Output, UnknownType) {
  for (const char* type : {"q4_k", "f32", "Q8_0", ""})
    EXPECT_REFUSED(quantize_file(in_, path("out.gguf"), to_type(type)), ErrorCode::unsupported, "type");
  expect_only_the_input();
}

TEST_F(Output, TheInputItself) {
  const auto before = test::read_bytes(in_);
  EXPECT_REFUSED(quantize_file(in_, in_), ErrorCode::invalid_argument, "output");
  EXPECT_REFUSED(quantize_file(in_, path("./in.gguf")), ErrorCode::invalid_argument, "output");
  std::filesystem::create_symlink(in_, path("link.gguf"));
  EXPECT_REFUSED(quantize_file(path("link.gguf"), in_), ErrorCode::invalid_argument, "output");
  std::filesystem::remove(path("link.gguf"));
  EXPECT_TRUE(before == test::read_bytes(in_));
  expect_only_the_input();
}

TEST_F(Output, PlacesWhereNoFileCanBe) {
  EXPECT_REFUSED(quantize_file(in_, path("missing/out.gguf")), ErrorCode::io_error, "missing");
  EXPECT_REFUSED(quantize_file(in_, path(".")), ErrorCode::invalid_argument, "folder");
  EXPECT_REFUSED(quantize_file(in_, ""), ErrorCode::invalid_argument, "output");
  expect_only_the_input();
}

TEST_F(Output, InputsThatAreNoModel) {
  EXPECT_REFUSED(quantize_file(path("missing.gguf"), path("out.gguf")), ErrorCode::not_found, "missing.gguf");
  auto bytes = test::read_bytes(in_);
  bytes.resize(bytes.size() - 100);
  EXPECT_REFUSED(quantize_file(write("short.gguf", bytes), path("out.gguf")), ErrorCode::bad_model, "short.gguf");
  EXPECT_REFUSED(quantize_file(write("text.gguf", std::string("no model")), path("out.gguf")), ErrorCode::bad_model, "text.gguf");
  EXPECT_EQ(names(), (std::vector<std::string>{"in.gguf", "short.gguf", "text.gguf"}));
}

TEST_F(Output, CancelledOnTheWay) {
  write("out.gguf", std::string("old"));
  CancelSource cancel;
  QuantizeOptions options;
  options.control.cancel = cancel.token();
  size_t n_calls = 0;
  options.progress = [&](uint64_t done, uint64_t total) {
    if (++n_calls == 5) cancel.cancel();
    EXPECT_LT(done, total);
  };
  const auto result = quantize_file(in_, path("out.gguf"), options);
  EXPECT_REFUSED(result, ErrorCode::cancelled, "");
  EXPECT_EQ(n_calls, 5u);
  EXPECT_EQ(names(), (std::vector<std::string>{"in.gguf", "out.gguf"}));
  EXPECT_EQ(test::read_text(path("out.gguf")), "old");
}

TEST_F(Output, DeadlinePassed) {
  QuantizeOptions options;
  options.control.deadline = Deadline::in(std::chrono::nanoseconds(0));
  EXPECT_REFUSED(quantize_file(in_, path("out.gguf"), options), ErrorCode::deadline_exceeded, "");
  expect_only_the_input();
}

TEST_F(Output, ProgressEndsAtTheTotal) {
  uint64_t last = 0, all = 0;
  QuantizeOptions options;
  options.progress = [&](uint64_t done, uint64_t total) {
    EXPECT_GE(done, last);
    last = done;
    all = total;
  };
  const auto report = quantize_file(in_, path("out.gguf"), options);
  ASSERT_TRUE(report) << text_of(report);
  EXPECT_EQ(last, report->input_bytes);
  EXPECT_EQ(all, report->input_bytes);
}

}  // namespace
}  // namespace sotto::convert
