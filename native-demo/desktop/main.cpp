// How a desktop program talks with a model: the model answers on a thread of its own, pieces come back to the program's loop as
// they are made, and the loop stays free to stop an answer. Here the loop is the terminal's: a line asks, an empty line stops.
//
//   sotto_desktop MODEL
#include <sotto/sotto.h>

#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

/// The answer that is being made. Destroying it stops it.
class Answer {
 public:
  Answer(sotto::Session& session, std::vector<sotto::Message>& conversation)
      : thread_([this, &session, &conversation] {
          sotto::GenerationOptions options;
          options.temperature = 0.7f;
          options.cancel = cancel_.token();
          sotto::Generation generation = session.chat(conversation, options);
          for (const sotto::Piece& piece : generation) std::cout << piece.text << std::flush;
          if (const auto result = generation.result(); !result) std::cerr << "error: " << result.error().message;
          conversation.push_back({"assistant", std::string(generation.text())});
          std::cout << std::endl;
        }) {}
  ~Answer() { thread_.join(); }

  void stop() { cancel_.cancel(); }

 private:
  sotto::CancelSource cancel_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: sotto_desktop MODEL\n";
    return 2;
  }
  const auto model = sotto::Model::open(argv[1]);
  auto session = model ? model->new_session() : model.error();
  if (!session) {
    std::cerr << "error: " << session.error().message << "\n";
    return 1;
  }
  std::vector<sotto::Message> conversation;
  std::optional<Answer> answer;
  for (std::string line; std::getline(std::cin, line);) {
    if (answer && line.empty()) answer->stop();
    answer.reset();  // one after the other: an answer belongs to the conversation before the next question does
    if (line.empty()) continue;
    conversation.push_back({"user", line});
    answer.emplace(*session, conversation);
  }
}
