// pull over HTTP against model_server.py, whose faults are chosen by the first part of the path.
#include "pull.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "catalogue.h"
#include "http.h"
#include "sha256.h"
#include "support/anchors.h"

namespace sotto::cli {
namespace {
namespace fs = std::filesystem;

std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = popen(command.c_str(), "r");
  for (int c; pipe && (c = std::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
  if (pipe) pclose(pipe);
  return text;
}

class Pull : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("sotto-pull-" + std::to_string(getpid()));
    fs::create_directories(folder_ / "hub");
    for (size_t i = 0; i < 300000; ++i) model_ += static_cast<char>((i * i + i / 7) & 0xFF);
    std::ofstream(folder_ / "hub" / "m.gguf", std::ios::binary) << model_;
    start(folder_ / "hub");
  }
  void TearDown() override {
    stop();
    fs::remove_all(folder_);
  }

  void start(const fs::path& served) {
    stop();
    server_ = popen((std::string(SOTTO_PYTHON) + " " SOTTO_TEST_FOLDER "/model_server.py '" + served.string() + "'").c_str(), "r");
    ASSERT_NE(server_, nullptr);
    int port = 0;
    ASSERT_EQ(std::fscanf(server_, "%d", &port), 1);
    address_ = "http://127.0.0.1:" + std::to_string(port);
  }
  void stop() {
    if (!server_) return;
    EXPECT_TRUE(http_text(address_ + "/quit", 100, {}));
    pclose(server_);
    server_ = nullptr;
  }

  PullRequest request(const std::string& fault, const std::string& model = "hf:owner/repo/m.gguf") const {
    return {.model = model, .cache_folder = cache(), .hub = address_ + "/" + fault, .control = {}};
  }
  Result<std::string> pull(const std::string& fault, const std::string& model = "hf:owner/repo/m.gguf") const {
    return pull_model(request(fault, model));
  }
  ErrorCode code_of(const std::string& fault) const {
    const auto pulled = pull(fault);
    EXPECT_FALSE(pulled) << fault;
    EXPECT_FALSE(fs::exists(path_)) << fault;
    return pulled ? ErrorCode::internal : pulled.error().code;
  }
  void expect_whole(const Result<std::string>& pulled) const {
    ASSERT_TRUE(pulled) << pulled.error().message << " " << pulled.error().where;
    EXPECT_EQ(test::read_text(*pulled), model_);
    EXPECT_FALSE(fs::exists(*pulled + ".part"));
    EXPECT_FALSE(fs::exists(*pulled + ".etag"));
  }
  /// The Range header of every request so far, "-" for none.
  std::vector<std::string> ranges() const {
    std::istringstream log(*http_text(address_ + "/log", 100000, {}));
    std::vector<std::string> out;
    for (std::string path, range; log >> path >> range;) out.push_back(range);
    return out;
  }

  std::string cache() const { return (folder_ / "cache").string(); }
  std::string hash() const { return sha256_hex(std::as_bytes(std::span(model_))); }

  fs::path folder_;
  std::string model_, address_;
  std::FILE* server_ = nullptr;
  std::string path_;

 public:
  Pull()
      : path_((fs::temp_directory_path() / ("sotto-pull-" + std::to_string(getpid())) / "cache/models/hf/owner/repo/m.gguf")
                  .string()) {}
};

TEST_F(Pull, BringsAFileOnce) {
  uint64_t last = 0, total = 0;
  const auto pulled = pull_model(request("ok"), [&](uint64_t done, uint64_t all) {
    EXPECT_GT(done, last);
    last = done;
    total = all;
  });
  expect_whole(pulled);
  ASSERT_TRUE(pulled);
  EXPECT_EQ(*pulled, path_);
  EXPECT_EQ(last, model_.size());
  EXPECT_EQ(total, model_.size());
  expect_whole(pull("ok"));
  EXPECT_EQ(ranges().size(), 1u) << "a file that is there is not fetched again";
  EXPECT_EQ(find_cached("hf:owner/repo/m.gguf", cache()).value_or(""), path_);
  EXPECT_EQ(find_cached("hf:owner/repo", cache()).value_or(""), path_);
}

TEST_F(Pull, BringsAnyAddress) {
  const std::string url = address_ + "/ok/x/m.gguf?download=true";
  EXPECT_EQ(find_cached(url, cache()).error().code, ErrorCode::not_found);
  const auto pulled = pull("", url);
  ASSERT_TRUE(pulled) << pulled.error().message;
  expect_whole(pulled);
  EXPECT_TRUE(pulled->ends_with("-m.gguf")) << *pulled;
  EXPECT_EQ(find_cached(url, cache()).value_or(""), *pulled);
}

TEST_F(Pull, ChoosesFromTheListing) {
  const auto pulled = pull("escape", "hf:owner/repo");
  ASSERT_TRUE(pulled) << pulled.error().message;
  expect_whole(pulled);
  EXPECT_EQ(*pulled, path_);
  EXPECT_EQ(pull("ok", "hf:owner/other:q8_0").error().code, ErrorCode::not_found);
  EXPECT_EQ(pull("bad-listing", "hf:owner/other").error().code, ErrorCode::io_error);
  std::ofstream(folder_ / "hub" / "n.gguf") << "n";
  EXPECT_EQ(pull("ok", "hf:owner/other").error().code, ErrorCode::invalid_argument);
}

TEST_F(Pull, BringsAFolderOfSafeTensors) {
  fs::rename(folder_ / "hub" / "m.gguf", folder_ / "hub" / "model.safetensors");
  std::ofstream(folder_ / "hub" / "config.json") << "{}";
  std::ofstream(folder_ / "hub" / "pytorch_model.bin") << "no";
  const auto pulled = pull("ok", "hf:owner/repo");
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(*pulled, cache() + "/models/hf/owner/repo");
  EXPECT_EQ(test::read_text(*pulled + "/model.safetensors"), model_);
  EXPECT_EQ(test::read_text(*pulled + "/config.json"), "{}");
  EXPECT_FALSE(fs::exists(*pulled + "/pytorch_model.bin"));
  EXPECT_EQ(find_cached("hf:owner/repo", cache()).value_or(""), *pulled);
}

TEST_F(Pull, GoesOnAfterABreak) {
  EXPECT_EQ(code_of("break"), ErrorCode::io_error);
  EXPECT_EQ(fs::file_size(path_ + ".part"), model_.size() / 2);
  expect_whole(pull("break"));
  EXPECT_EQ(ranges(), (std::vector<std::string>{"-", "bytes=" + std::to_string(model_.size() / 2) + "-"}));
}

TEST_F(Pull, BeginsAgainWhereGoingOnIsNotSafe) {
  const std::string range = "bytes=" + std::to_string(model_.size() / 2) + "-";
  // A server that ignores Range, one whose file is another by now, and one that gives no tag to tell.
  for (const char* fault : {"no-range", "changing", "no-tag"}) {
    EXPECT_EQ(code_of(fault), ErrorCode::io_error);
    expect_whole(pull(fault));
    fs::remove(path_);
  }
  EXPECT_EQ(ranges(), (std::vector<std::string>{"-", range, "-", range, "-", "-"}));
}

TEST_F(Pull, BeginsAgainAfterAWrongRange) {
  for (const char* fault : {"wrong-range", "no-content-range"}) {
    EXPECT_EQ(code_of(fault), ErrorCode::io_error);
    expect_whole(pull(fault));
    fs::remove(path_);
  }
  const std::string range = "bytes=" + std::to_string(model_.size() / 2) + "-";
  EXPECT_EQ(ranges(), (std::vector<std::string>{"-", range, "-", "-", range, "-"}));
}

TEST_F(Pull, ReportsWhatTheServerSays) {
  EXPECT_EQ(code_of("missing"), ErrorCode::not_found);
  EXPECT_EQ(code_of("forbidden"), ErrorCode::io_error);
  EXPECT_EQ(code_of("broken"), ErrorCode::io_error);
  EXPECT_EQ(code_of("loop"), ErrorCode::io_error);
  EXPECT_EQ(code_of("html"), ErrorCode::bad_model);
  EXPECT_EQ(code_of("html-as-bytes"), ErrorCode::bad_model);
  EXPECT_EQ(code_of("empty"), ErrorCode::bad_model);
  EXPECT_FALSE(fs::exists(path_ + ".part")) << "the text of an error is not kept";
  EXPECT_EQ(pull("ok", "hf:owner").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(pull("ok", "some-model").error().code, ErrorCode::invalid_argument);
  PullRequest nobody = request("ok");
  nobody.hub = "http://127.0.0.1:1";
  EXPECT_EQ(pull_model(nobody).error().code, ErrorCode::io_error);
}

TEST_F(Pull, FollowsARedirectAndVerifiesTheHashItNames) {
  expect_whole(pull("redirect"));
  fs::remove(path_);
  EXPECT_EQ(code_of("redirect-wrong-hash"), ErrorCode::integrity_error);
  EXPECT_FALSE(fs::exists(path_ + ".part"));
}

TEST_F(Pull, VerifiesSizeAndHash) {
  Download download{
      .url = address_ + "/flipped/m.gguf", .path = path_, .bytes = model_.size(), .sha256 = hash(), .control = {}, .progress = {}};
  const auto code = [&](const char* fault) {
    download.url = address_ + "/" + fault + "/m.gguf";
    const Status done = http_download(download);
    EXPECT_FALSE(fs::exists(path_));
    return done ? ErrorCode::internal : done.error().code;
  };
  EXPECT_EQ(code("flipped"), ErrorCode::integrity_error);
  EXPECT_FALSE(fs::exists(path_ + ".part"));
  EXPECT_EQ(code("longer"), ErrorCode::integrity_error);
  // With a known hash no tag is needed to go on; a complete part needs no transfer at all.
  EXPECT_EQ(code("no-tag"), ErrorCode::io_error);
  download.url = address_ + "/no-tag/m.gguf";
  EXPECT_TRUE(http_download(download));
  EXPECT_EQ(ranges().back(), "bytes=" + std::to_string(model_.size() / 2) + "-");
  const size_t n_requests = ranges().size();
  fs::rename(path_, path_ + ".part");
  EXPECT_TRUE(http_download(download));
  EXPECT_EQ(ranges().size(), n_requests);
  // A part that is too long is of no use.
  fs::rename(path_, path_ + ".part");
  std::ofstream(path_ + ".part", std::ios::app) << "more";
  download.url = address_ + "/ok/m.gguf";
  EXPECT_TRUE(http_download(download));
  EXPECT_EQ(test::read_text(path_), model_);
}

TEST_F(Pull, StopsWhenAsked) {
  PullRequest stopped = request("ok");
  CancelSource source;
  stopped.control.cancel = source.token();
  const auto pulled = pull_model(stopped, [&](uint64_t, uint64_t) { source.cancel(); });
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, ErrorCode::cancelled);
  EXPECT_FALSE(fs::exists(path_));
  stopped.control = {.cancel = {}, .deadline = Deadline::in(std::chrono::nanoseconds(0))};
  EXPECT_EQ(pull_model(stopped).error().code, ErrorCode::deadline_exceeded);
}

TEST_F(Pull, ReportsADiskThatRefuses) {
  std::ofstream(folder_ / "cache") << "a file where the cache should be";
  EXPECT_EQ(pull("ok").error().code, ErrorCode::io_error);
}

TEST_F(Pull, VerifiesACatalogueName) {
  const CatalogueEntry* entry = find_in_catalogue("smollm2-135m-instruct");
  ASSERT_NE(entry, nullptr);
  const std::string name(entry->name), path = cache() + "/models/" + std::string(entry->file);
  EXPECT_EQ(find_cached(name, cache()).error().code, ErrorCode::not_found);
  std::ofstream(folder_ / "hub" / entry->file) << "something else";
  EXPECT_EQ(pull("ok", name).error().code, ErrorCode::integrity_error);
  EXPECT_FALSE(fs::exists(path));

  SOTTO_NEEDS(real, test::cached_model(std::string(entry->file)));
  start(fs::path(real).parent_path());
  fs::create_directories(cache() + "/models");
  std::ofstream(path) << "damaged";
  const auto pulled = pull("break", name);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, ErrorCode::io_error);
  const auto again = pull("break", name);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, path);
  EXPECT_EQ(fs::file_size(path), entry->bytes);
  EXPECT_EQ(ranges(), (std::vector<std::string>{"-", "bytes=" + std::to_string(entry->bytes / 2) + "-"}));
}

TEST(Catalogue, AgreesWithThePackageClient) {
  std::string rows;
  for (const CatalogueEntry& entry : catalogue())
    rows += std::string(entry.name) + " " + std::string(entry.file) + " " + std::to_string(entry.bytes) + " " +
            std::string(entry.sha256) + "\n";
  EXPECT_EQ(output_of(std::string(SOTTO_PYTHON) + " '" SOTTO_FETCH_MODEL "' --list"), rows);
}

}  // namespace
}  // namespace sotto::cli
