#include "sotto_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "support/tiny_model.h"

extern char** environ;

namespace sotto::cli {
namespace {

void append_from(int file, std::string& text, bool& open) {
  std::array<char, 4096> chunk{};
  const ssize_t n = ::read(file, chunk.data(), chunk.size());
  if (n <= 0)
    open = false;
  else
    text.append(chunk.data(), static_cast<size_t>(n));
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments) {
  signal(SIGPIPE, SIG_IGN);  // of this test: a child that ends does not read its input
  std::array<std::array<int, 2>, 3> pipes{};
  for (auto& ends : pipes)
    if (pipe2(ends.data(), O_CLOEXEC) != 0) ADD_FAILURE() << "no pipe";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < 3; ++i) posix_spawn_file_actions_adddup2(&actions, pipes[static_cast<size_t>(i)][i == 0 ? 0 : 1], i);
  std::vector<char*> words{const_cast<char*>("sotto")};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  if (posix_spawn(&id_, SOTTO_COMMAND, &actions, nullptr, words.data(), environ) != 0)
    ADD_FAILURE() << "cannot start " SOTTO_COMMAND;
  posix_spawn_file_actions_destroy(&actions);
  close(pipes[0][0]);
  close(pipes[1][1]);
  close(pipes[2][1]);
  in_ = pipes[0][1];
  out_ = pipes[1][0];
  err_ = pipes[2][0];
}

Process::~Process() {
  if (id_ > 0) {
    kill(id_, SIGKILL);
    finish();
  }
}

void Process::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(in_, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

void Process::close_input() {
  if (in_ >= 0) close(in_);
  in_ = -1;
}

bool Process::wait_for(std::string_view text) {
  bool open = true;
  for (;;) {
    if (const size_t found = outcome_.out.find(text, seen_); found != std::string::npos) {
      seen_ = found + text.size();
      return true;
    }
    if (!open) return false;
    append_from(out_, outcome_.out, open);
  }
}

void Process::close_output() {
  close(out_);
  out_ = -1;
}

void Process::interrupt() {
  kill(id_, SIGINT);
}

Outcome Process::finish() {
  close_input();
  bool out_open = out_ >= 0, err_open = true;
  while (out_open || err_open) {
    std::array<pollfd, 2> files{pollfd{out_open ? out_ : -1, POLLIN, 0}, pollfd{err_open ? err_ : -1, POLLIN, 0}};
    if (poll(files.data(), files.size(), -1) < 0) break;
    if (files[0].revents) append_from(out_, outcome_.out, out_open);
    if (files[1].revents) append_from(err_, outcome_.err, err_open);
  }
  if (out_ >= 0) close(out_);
  close(err_);
  int state = 0;
  waitpid(id_, &state, 0);
  id_ = -1;
  outcome_.status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  return outcome_;
}

Outcome run_sotto(const std::vector<std::string>& arguments, std::string_view input) {
  Process process(arguments);
  process.write(input);  // less than a pipe holds, or read before anything is answered
  return process.finish();
}

CommandTest::CommandTest()
    : folder_(std::filesystem::temp_directory_path() / ("sotto-cli-" + std::to_string(getpid()))), model_(path("tiny.gguf")) {
  std::filesystem::create_directories(folder_);
  test::TinyModelOptions options;
  options.context_length = 1u << 20;
  const auto bytes = test::tiny_llama_gguf(options);
  write("tiny.gguf", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

CommandTest::~CommandTest() {
  std::filesystem::remove_all(folder_);
}

std::string CommandTest::write(const std::string& name, std::string_view bytes) const {
  std::ofstream(path(name), std::ios::binary) << bytes;
  return path(name);
}

std::string CommandTest::text_of(const std::vector<std::string>& arguments, std::string_view input) const {
  const Outcome outcome = run_sotto(arguments, input);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return outcome.out;
}

nlohmann::json CommandTest::json_of(std::vector<std::string> arguments, std::string_view input) const {
  arguments.push_back("--json");
  const std::string text = text_of(arguments, input);
  auto json = nlohmann::json::parse(text, nullptr, false);
  EXPECT_TRUE(json.is_object()) << text;
  return json;
}

void CommandTest::expect_failure(const std::vector<std::string>& arguments, int status, const std::string& message,
                                 std::string_view input) const {
  const Outcome outcome = run_sotto(arguments, input);
  std::string line = "sotto";
  for (const std::string& argument : arguments) line += " " + argument;
  EXPECT_EQ(outcome.status, status) << line << "\n" << outcome.err;
  EXPECT_EQ(outcome.out, "") << line;
  EXPECT_NE(outcome.err.find(message), std::string::npos) << line << "\n" << outcome.err;
}

}  // namespace sotto::cli
