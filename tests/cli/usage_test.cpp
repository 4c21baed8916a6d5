// What is refused, and how it is told.
#include <algorithm>

#include "sotto_process.h"

namespace sotto::cli {
namespace {

class Usage : public CommandTest {};

TEST_F(Usage, HelpIsAResult) {
  EXPECT_NE(text_of({"--help"}).find("perplexity"), std::string::npos);
  const std::string help = text_of({"run", "--help"});
  for (const char* flag :
       {"--prompt",  "--file",           "--tokens",      "--max-tokens", "--temperature", "--top-k",  "--top-p",
        "--min-p",   "--repeat-penalty", "--seed",        "--stop",       "--timeout",     "--system", "--raw",
        "--context", "--quantize",       "--activations", "--kv",         "--logprobs",    "--trace",  "--ignore-eos",
        "--json",    "--threads",        "--target",      "--quiet"})
    EXPECT_NE(help.find(flag), std::string::npos) << flag;
  EXPECT_EQ(help.find("--beams"), std::string::npos);
  EXPECT_NE(text_of({"--version"}).find("sotto "), std::string::npos);
}

TEST_F(Usage, WrongUsageIsStatus2) {
  expect_failure({}, 2, "perplexity");
  expect_failure({"walk"}, 2, "walk");
  expect_failure({"run"}, 2, "MODEL");
  expect_failure({"run", model_}, 2, "-p");
  expect_failure({"run", model_, "-p", "a", "--tokens", "1"}, 2, "--tokens");
  expect_failure({"run", model_, "-p", "a", "--temperature", "warm"}, 2, "--temperature");
  expect_failure({"run", model_, "-p", "a", "--bogus"}, 2, "--bogus");
  expect_failure({"run", model_, "-p", "a", "--threads", "-1"}, 2, "--threads");
  expect_failure({"run", model_, "-p", "a", "--raw", "--system", "b"}, 2, "--raw");
  expect_failure({"run", model_, "-p", "a", "--logit-bias", "x"}, 2, "--logit-bias");
  expect_failure({"run", model_, "--tokens", "1,x"}, 2, "'x'");
  expect_failure({"run", model_, "-p", "a", "--beams", "4"}, 2, "--beams");
  expect_failure({"batch", model_}, 2, "batch");
  expect_failure({"logits", model_, "--tokens", "1"}, 2, "--output");
  expect_failure({"quantize", model_}, 2, "OUT");
}

TEST_F(Usage, OptionsOutOfRangeAreNamedAllAtOnce) {
  const Outcome outcome = run_sotto({"run", model_, "-p", "a", "--temperature", "-1", "--top-p", "1.5", "--min-p", "nan"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.err.starts_with("error: invalid_argument: ")) << outcome.err;
  for (const char* name : {"temperature", "top_p", "min_p"}) EXPECT_NE(outcome.err.find(name), std::string::npos) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;

  expect_failure({"run", model_, "-p", "a", "-n", "-5"}, 1, "max_tokens");
  expect_failure({"run", model_, "-p", "a", "-n", "9223372036854775807"}, 1, "max_tokens");
  expect_failure({"run", model_, "-p", "a", "--timeout", "-1"}, 1, "timeout");
  expect_failure({"run", model_, "-p", "a", "--kv", "q3"}, 1, "kv");
  expect_failure({"run", model_, "-p", "a", "--quantize", "q99"}, 1, "quantize");
  expect_failure({"run", model_, "-p", "a", "--activations", "f64"}, 1, "activations");
  expect_failure({"run", model_, "-p", "a", "--context", "99999999999"}, 1, "context");
  expect_failure({"inspect", model_, "--threads", "65"}, 1, "threads");
  expect_failure({"tokenize", model_, "--target", "abacus"}, 1, "target");
  expect_failure({"bench", model_, "-p", "16,0", "-n", "1", "-t", "1,99"}, 1, "threads is 99");
  expect_failure({"bench", model_, "-p", "16,0"}, 1, "prompt_tokens is 0");
}

TEST_F(Usage, ModelsThatAreNotThere) {
  expect_failure({"run", path("none.gguf"), "-p", "a"}, 1, "error: not_found: ");
  expect_failure({"run", "some-model", "-p", "a"}, 1, "smollm2-135m-instruct");
  expect_failure({"inspect", "hf:nobody/nothing-at-all"}, 1, "sotto pull hf:nobody/nothing-at-all");
  expect_failure({"run", "hf:nobody", "-p", "a"}, 1, "error: invalid_argument: ");
  expect_failure({"run", write("bad.gguf", std::string("GGUF\3\0\0\0", 8)), "-p", "a"}, 1, "error: bad_model: ");
  expect_failure({"tokenize", write("empty", "")}, 1, "error: bad_model: ");
  expect_failure({"run", model_, "--file", path("none.txt")}, 1, "error: not_found: ");
  expect_failure({"template", path("none.jinja")}, 1, "error: not_found: ");
  expect_failure({"pull", "some-model"}, 1, "error: ");
}

}  // namespace
}  // namespace sotto::cli
