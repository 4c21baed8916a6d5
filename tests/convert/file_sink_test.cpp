#include "file_sink.h"

#include "convert/convert_test.h"

namespace sotto::convert {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

using FileSinkTest = ConvertTest;

TEST_F(FileSinkTest, AppearsWhenItIsWhole) {
  write("model", std::string("old"));
  {
    auto sink = FileSink::create(path("model"));
    ASSERT_TRUE(sink) << text_of(sink);
    ASSERT_TRUE(sink->write(bytes_of("first ")));
    ASSERT_TRUE(sink->write({}));
    EXPECT_EQ(test::read_text(path("model")), "old");
    EXPECT_EQ(names(), (std::vector<std::string>{"model", "model.part"}));
    ASSERT_TRUE(sink->write(bytes_of("second")));
    FileSink moved = std::move(*sink);
    ASSERT_TRUE(moved.commit());
  }
  EXPECT_EQ(names(), std::vector<std::string>{"model"});
  EXPECT_EQ(test::read_text(path("model")), "first second");
}

TEST_F(FileSinkTest, LeavesNothingBehind) {
  write("model", std::string("old"));
  {
    auto sink = FileSink::create(path("model"));
    ASSERT_TRUE(sink) << text_of(sink);
    ASSERT_TRUE(sink->write(bytes_of("half")));
  }
  EXPECT_EQ(names(), std::vector<std::string>{"model"});
  EXPECT_EQ(test::read_text(path("model")), "old");
}

TEST_F(FileSinkTest, TouchesNoFileOfOthers) {
  write("model.part", std::string("mine"));
  auto sink = FileSink::create(path("model"));
  ASSERT_TRUE(sink) << text_of(sink);
  ASSERT_TRUE(sink->write(bytes_of("whole")));
  ASSERT_TRUE(sink->commit());
  EXPECT_EQ(names(), (std::vector<std::string>{"model", "model.part"}));
  EXPECT_EQ(test::read_text(path("model.part")), "mine");
}

TEST_F(FileSinkTest, RefusesWhatIsNoFile) {
  std::filesystem::create_directory(path("folder"));
  EXPECT_REFUSED(FileSink::create(path("folder")), ErrorCode::invalid_argument, "folder");
  EXPECT_REFUSED(FileSink::create("/dev/null"), ErrorCode::invalid_argument, "/dev/null");
  EXPECT_REFUSED(FileSink::create(""), ErrorCode::invalid_argument, "output");
  EXPECT_REFUSED(FileSink::create(path("missing/model")), ErrorCode::io_error, "missing/model.part");
  EXPECT_EQ(names(), std::vector<std::string>{"folder"});
}

TEST_F(FileSinkTest, RenamingCanFail) {
  auto sink = FileSink::create(path("model"));
  ASSERT_TRUE(sink) << text_of(sink);
  std::filesystem::create_directory(path("model"));
  EXPECT_REFUSED(sink->commit(), ErrorCode::io_error, "model");
  EXPECT_EQ(names(), std::vector<std::string>{"model"});
}

}  // namespace
}  // namespace sotto::convert
