// Names that a file gives for other files, against a real folder with links in it.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "formats/format_test.h"

namespace sotto::formats {
namespace {
namespace fs = std::filesystem;

class SiblingFiles : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("sotto_siblings_" + std::to_string(std::random_device()()));
    fs::create_directories(root_ / "model" / "sub");
    write("secret", "s");
    write("model/a", "a");
    write("model/sub/b", "b");
    fs::create_symlink("a", root_ / "model" / "inner");
    fs::create_symlink("../secret", root_ / "model" / "outer");
    fs::create_directory_symlink("..", root_ / "model" / "up");
    fs::create_symlink("loop", root_ / "model" / "loop");
    fs::create_symlink("nowhere", root_ / "model" / "dangling");
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(root_ / name) << text; }

  fs::path root_;
};

TEST_F(SiblingFiles, FilesBelowTheFolderOpen) {
  for (const char* folder : {"model", "model/", "model/sub/..", "./model"}) {
    const auto open = folder_opener((root_ / folder).string());
    for (const char* name : {"a", "sub/b", "inner"}) {
      const auto source = open(name);
      EXPECT_TRUE(source) << folder << " " << name << " " << text_of(source);
    }
  }
}

TEST_F(SiblingFiles, NamesThatLeadOutAreRefused) {
  const auto open = folder_opener((root_ / "model").string());
  for (const std::string& name :
       {std::string("../secret"), std::string("sub/../../secret"), std::string("sub/../a"), std::string(".."), std::string("."),
        std::string(""), std::string("./a"), std::string("/etc/passwd"), (root_ / "model" / "a").string(), std::string("C:\\x"),
        std::string("C:x"), std::string("sub\\b"), std::string("..\\secret"), std::string("a\0", 2), std::string("a\0.txt", 6),
        std::string("sub//b"), std::string("a/"), std::string("//a"), std::string("file://a")})
    EXPECT_EQ(open(name).has_value() ? ErrorCode::internal : open(name).error().code, ErrorCode::invalid_argument) << name;
}

TEST_F(SiblingFiles, LinksThatLeadOutAreRefused) {
  const auto open = folder_opener((root_ / "model").string());
  EXPECT_REFUSED(open("outer"), ErrorCode::invalid_argument, "outer");
  EXPECT_REFUSED(open("up/secret"), ErrorCode::invalid_argument, "secret");
  EXPECT_TRUE(open("up/model/a"));  // out and in again: what counts is where the file lies
}

TEST_F(SiblingFiles, WhatIsNotThereIsNotFound) {
  const auto open = folder_opener((root_ / "model").string());
  for (const char* name : {"none", "dangling", "loop", "a/b", "sub/none"}) EXPECT_REFUSED(open(name), ErrorCode::not_found, name);
  EXPECT_REFUSED(folder_opener((root_ / "none").string())("a"), ErrorCode::not_found, "none");
}

TEST_F(SiblingFiles, AFolderIsNoFile) {
  EXPECT_REFUSED(folder_opener((root_ / "model").string())("sub"), ErrorCode::io_error, "sub");
}

TEST_F(SiblingFiles, PathsToModels) {
  EXPECT_REFUSED(read_model((root_ / "none").string()), ErrorCode::not_found, "none");
  EXPECT_FALSE(read_model(""));
  EXPECT_REFUSED(read_model((root_ / "secret").string()), ErrorCode::bad_model, "no model file");
  EXPECT_REFUSED(read_model((root_ / "model").string()), ErrorCode::not_found, "config.json");
  EXPECT_REFUSED(read_model("/dev/null"), ErrorCode::io_error, "/dev/null");
}

}  // namespace
}  // namespace sotto::formats
