#include "sotto/byte_source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

namespace sotto {
namespace {

std::vector<std::byte> pattern(size_t n, size_t start = 0) {
  std::vector<std::byte> out(n);
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<std::byte>((start + i) * 2654435761u >> 13);
  return out;
}

class TemporaryFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("sotto_byte_source_test." + std::to_string(::getpid()));
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const char* name) const { return (folder_ / name).string(); }
  std::string write(const char* name, const std::vector<std::byte>& bytes) const {
    std::ofstream file(path(name), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path(name);
  }

  std::filesystem::path folder_;
};
using OpenFile = TemporaryFolder;

void expect_reads(const ByteSource& source, const std::vector<std::byte>& wanted) {
  ASSERT_EQ(source.size(), wanted.size());
  const size_t n = wanted.size();
  const std::pair<size_t, size_t> ranges[] = {{0, n}, {0, 0}, {n, 0}, {0, 1}, {n - 1, 1}, {n / 3, n / 2}, {4095, 2}};
  for (const auto& [offset, length] : ranges) {
    if (offset + length > n) continue;
    std::vector<std::byte> out(length);
    ASSERT_TRUE(source.read(offset, out)) << offset << "+" << length;
    EXPECT_TRUE(std::equal(out.begin(), out.end(), wanted.begin() + static_cast<ptrdiff_t>(offset)));
  }
}

void expect_refuses_past_end(const ByteSource& source) {
  const uint64_t n = source.size(), max = std::numeric_limits<uint64_t>::max();
  std::vector<std::byte> out(8, std::byte{0x5a});
  for (const uint64_t offset : {n, n - 7, n + 1, max, max - 7, max - 3}) {
    const Status status = source.read(offset, out);
    ASSERT_FALSE(status) << offset;
    EXPECT_EQ(status.error().code, ErrorCode::bad_model);
    EXPECT_EQ(status.error().where, source.name() + ":" + std::to_string(offset));
    EXPECT_EQ(out, std::vector<std::byte>(8, std::byte{0x5a}));
  }
}

TEST_F(OpenFile, ReadsEveryRange) {
  const auto bytes = pattern(70001);
  const std::string file = write("file", bytes);
  for (const FileAccess access : {FileAccess::mapped, FileAccess::read}) {
    const auto source = open_file(file, access);
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ((*source)->name(), file);
    expect_reads(**source, bytes);
    expect_refuses_past_end(**source);
    if (!(*source)->view().empty()) EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), (*source)->view().begin()));
    if (access == FileAccess::read) EXPECT_TRUE((*source)->view().empty());
  }
}

TEST_F(OpenFile, ReleasedRangesAreOnlyAHint) {
  const auto bytes = pattern(50000);
  for (const FileAccess access : {FileAccess::mapped, FileAccess::read}) {
    const auto source = open_file(write("file", bytes), access);
    ASSERT_TRUE(source);
    (*source)->release(1, 10);
    (*source)->release(100, 30000);
    (*source)->release(40000, std::numeric_limits<uint64_t>::max());
    (*source)->release(std::numeric_limits<uint64_t>::max(), 1);
    (*source)->release(0, 0);
    expect_reads(**source, bytes);  // a mapped page is read again from the file
  }
}

TEST_F(OpenFile, AnEmptyFileIsFine) {
  for (const FileAccess access : {FileAccess::mapped, FileAccess::read}) {
    const auto source = open_file(write("empty", {}), access);
    ASSERT_TRUE(source);
    EXPECT_EQ((*source)->size(), 0u);
    EXPECT_TRUE((*source)->read(0, {}));
    std::byte one[1];
    EXPECT_FALSE((*source)->read(0, one));
  }
}

TEST_F(OpenFile, WhatIsNotAFileIsAnError) {
  for (const FileAccess access : {FileAccess::mapped, FileAccess::read}) {
    const auto code = [&](const std::string& name) {
      const auto source = open_file(name, access);
      return source ? std::string("opened") : std::string(to_string(source.error().code));
    };
    EXPECT_EQ(code(path("missing")), "not_found");
    EXPECT_EQ(code(""), "not_found");
    EXPECT_EQ(code(write("file", pattern(3)) + "/below"), "not_found");
    EXPECT_EQ(code(std::string(path("file")) + std::string("\0x", 2)), "not_found");
    EXPECT_EQ(code(folder_.string()), "io_error");
    EXPECT_EQ(code("/dev/null"), "io_error");
    ::mkfifo(path("pipe").c_str(), 0600);  // makes an ordinary file, or nothing, in Emscripten
    if (std::filesystem::is_fifo(path("pipe"))) EXPECT_EQ(code(path("pipe")), "io_error");
    std::filesystem::remove(path("pipe"));
  }
  const auto source = open_file(path("missing"));
  EXPECT_EQ(source.error().where, path("missing"));
}

TEST_F(OpenFile, AFileThatShrinksIsAnError) {
  const std::string file = write("file", pattern(9000));
  const auto source = open_file(file, FileAccess::read);
  ASSERT_TRUE(source);
  std::filesystem::resize_file(file, 100);
  std::vector<std::byte> out(200);
  const Status status = (*source)->read(0, out);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::io_error);
}

TEST(MemorySource, OwnsOrBorrows) {
  const auto bytes = pattern(5000);
  const auto owned = memory_source(bytes, "owned");
  const auto borrowed = borrowed_source(bytes);
  for (const auto& source : {owned, borrowed}) {
    expect_reads(*source, bytes);
    expect_refuses_past_end(*source);
    EXPECT_EQ(source->view().size(), bytes.size());
  }
  EXPECT_EQ(owned->name(), "owned");
  EXPECT_NE(owned->view().data(), bytes.data());
  EXPECT_EQ(borrowed->view().data(), bytes.data());
  EXPECT_TRUE(memory_source({})->read(0, {}));
}

TEST(ChunkSource, GivesWhatHasArrived) {
  ChunkSource source(100, "stream");
  ASSERT_TRUE(source.push(pattern(60)));
  ASSERT_TRUE(source.push({}));
  ASSERT_TRUE(source.push(pattern(40, 60)));
  EXPECT_EQ(source.name(), "stream");
  expect_reads(source, pattern(100));
  expect_refuses_past_end(source);
  EXPECT_TRUE(source.view().empty());
}

TEST(ChunkSource, TakesNoMoreThanAnnounced) {
  ChunkSource source(10, "stream");
  ASSERT_TRUE(source.push(pattern(8)));
  const Status status = source.push(pattern(3));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(source.push(pattern(2, 8)));
  expect_reads(source, pattern(10));
}

TEST(ChunkSource, TheProducerNeverWaitsForItself) {
  ChunkSource source(10, "stream");
  ASSERT_TRUE(source.push(pattern(4)));
  std::vector<std::byte> out(10);
  const Status status = source.read(0, out);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::io_error);
}

TEST(ChunkSource, ReleasedChunksAreGone) {
  ChunkSource source(400, "stream");
  for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(source.push(pattern(100, 100 * i)));
  std::vector<std::byte> one(1);
  const auto readable = [&](uint64_t offset) { return source.read(offset, one).has_value(); };
  source.release(50, 100);  // no whole chunk
  EXPECT_TRUE(readable(60) && readable(120));
  source.release(0, 50);  // completes chunk 0
  EXPECT_FALSE(readable(60));
  EXPECT_TRUE(readable(120));
  source.release(210, 1000);  // part of chunk 2 and all of chunk 3, which has not arrived
  EXPECT_TRUE(readable(220));
  source.release(150, 60);  // joins the ranges: chunks 1 and 2
  EXPECT_FALSE(readable(120));
  EXPECT_FALSE(readable(220));
  ASSERT_TRUE(source.push(pattern(100, 300)));
  const Status status = source.read(350, one);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::invalid_argument);
}

TEST(ChunkSource, ReaderWaitsForTheProducer) {
  constexpr size_t kSize = 200000;
  const auto wanted = pattern(kSize);
  ChunkSource source(kSize, "stream");
  std::thread producer([&] {
    size_t sent = 0;
    for (size_t n = 1; sent < kSize; n = n * 3 % 7001 + 1) {
      n = std::min(n, kSize - sent);
      ASSERT_TRUE(source.push(pattern(n, sent)));
      sent += n;
      if (n % 5 == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
  std::vector<std::byte> all;
  for (size_t n = 1; all.size() < kSize; n = n * 5 % 9001 + 1) {
    std::vector<std::byte> piece(std::min(n, kSize - all.size()));
    const Status status = source.read(all.size(), piece);
    ASSERT_TRUE(status) << status.error().message;
    source.release(all.size(), piece.size());
    all.insert(all.end(), piece.begin(), piece.end());
  }
  producer.join();
  EXPECT_EQ(all, wanted);
}

TEST(ChunkSource, FailReachesWaitingAndLaterReaders) {
  ChunkSource source(100, "stream");
  std::atomic<bool> reading = false;
  Status waited;
  std::thread reader([&] {
    std::vector<std::byte> out(100);
    reading = true;
    waited = source.read(0, out);
  });
  while (!reading) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_TRUE(source.push(pattern(50)));
  source.fail({ErrorCode::io_error, "connection lost", "host"});
  source.fail({ErrorCode::internal, "a second failure", ""});
  reader.join();
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().message, "connection lost");
  std::byte one[1];
  const Status later = source.read(0, one);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().where, "host");
  EXPECT_FALSE(source.push(pattern(1)));
}

}  // namespace
}  // namespace sotto
