// The `sotto` command as a process of its own: run to its end, or watched and interrupted on the way. And what it works on: a
// folder that is gone after the test, with a tiny model in it.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::cli {

struct Outcome {
  int status = -1;  // 128 + number when a signal ended it
  std::string out, err;
};

class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void write(std::string_view text);
  void close_input();
  /// Waits for `text` on stdout, behind what was waited for before; false when the output ends first.
  bool wait_for(std::string_view text);
  void close_output();
  void interrupt();
  /// Reads to the end and waits.
  Outcome finish();

 private:
  pid_t id_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
  size_t seen_ = 0;  // bytes of stdout that wait_for() went past
  Outcome outcome_;
};

/// With `input` as its whole stdin.
Outcome run_sotto(const std::vector<std::string>& arguments, std::string_view input = {});

class CommandTest : public testing::Test {
 protected:
  CommandTest();
  ~CommandTest() override;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, std::string_view bytes) const;

  /// Must succeed; its stdout.
  std::string text_of(const std::vector<std::string>& arguments, std::string_view input = {}) const;
  /// The same with --json added.
  nlohmann::json json_of(std::vector<std::string> arguments, std::string_view input = {}) const;
  /// Must fail with `status`, an empty stdout, and `message` in stderr.
  void expect_failure(const std::vector<std::string>& arguments, int status, const std::string& message,
                      std::string_view input = {}) const;

  std::filesystem::path folder_;
  std::string model_;  // path of a tiny model with F32 matrices, 320 pieces and a chat template
};

}  // namespace sotto::cli
