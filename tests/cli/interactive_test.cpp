// What needs a process that is alive: conversations, Ctrl-C, readers that go away.
#include <algorithm>

#include "sotto_process.h"

namespace sotto::cli {
namespace {

class Interactive : public CommandTest {
 protected:
  /// An answer that would take minutes, of exclamation marks only.
  std::vector<std::string> endless(std::vector<std::string> line) const {
    for (const char* word : {"--context", "500000", "-n", "400000", "--ignore-eos", "--logit-bias", "0=1000"}) line.push_back(word);
    return line;
  }
};

TEST_F(Interactive, ChatAnswersLineByLine) {
  const nlohmann::json chat =
      json_of({"chat", model_, "-n", "4", "--ignore-eos", "--system", "Be brief."}, "Hello\n\n  \nand the other thing");
  ASSERT_EQ(chat["answers"].size(), 2u) << "blank lines say nothing, the last line needs no end";
  ASSERT_EQ(chat["messages"].size(), 5u);
  EXPECT_EQ(chat["messages"][0]["role"], "system");
  EXPECT_EQ(chat["messages"][4]["role"], "assistant");
  EXPECT_EQ(chat["messages"][2]["content"], chat["answers"][0]["text"]);
  EXPECT_GT(chat["answers"][1]["usage"]["cached_tokens"], 0) << "what was said is not computed again";
  EXPECT_EQ(text_of({"chat", model_, "-n", "4", "--ignore-eos", "--system", "Be brief."}, "Hello\nand the other thing\n"),
            chat["answers"][0]["text"].get<std::string>() + "\n" + chat["answers"][1]["text"].get<std::string>() + "\n");
  EXPECT_EQ(text_of({"chat", model_}), "");
}

TEST_F(Interactive, CtrlCStopsTheAnswerNotTheChat) {
  Process chat(endless({"chat", model_}));
  for (int answer = 0; answer < 2; ++answer) {
    chat.write("Hello\n");
    ASSERT_TRUE(chat.wait_for("!!!!!"));
    chat.interrupt();
    ASSERT_TRUE(chat.wait_for("\n"));
  }
  const Outcome outcome = chat.finish();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 2);
}

TEST_F(Interactive, CtrlCEndsARunWithWhatItHas) {
  Process run(endless({"run", model_, "-p", "Hello"}));
  ASSERT_TRUE(run.wait_for("!!!!!"));
  run.interrupt();
  const Outcome outcome = run.finish();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(outcome.out.ends_with("!!!\n"));
  EXPECT_TRUE(outcome.err.starts_with("error: cancelled: ")) << outcome.err;
}

TEST_F(Interactive, AReaderThatGoesAwayIsAnError) {
  Process run(endless({"run", model_, "-p", "Hello"}));
  ASSERT_TRUE(run.wait_for("!!!!!"));
  run.close_output();
  const Outcome outcome = run.finish();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(outcome.err.starts_with("error: io_error: ")) << outcome.err;
}

}  // namespace
}  // namespace sotto::cli
