// A model that arrives in pieces is the model that was there at once.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "api/api_test.h"
#include "sotto/incoming_model.h"
#include "support/results.h"

namespace sotto {
namespace {

using test::ok;
namespace fs = std::filesystem;

using Files = std::map<std::string, std::vector<std::byte>>;

std::vector<std::byte> slice(const std::vector<std::byte>& bytes, uint64_t offset, size_t n) {
  const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
  return {begin, begin + static_cast<std::ptrdiff_t>(std::min<uint64_t>(n, bytes.size() - offset))};
}

// Brings what is asked for, `piece` bytes at a time; `stop` ends it before.
template <class Stop>
Status bring(IncomingModel& incoming, const Files& files, const std::string& first, size_t piece, Stop stop) {
  SOTTO_TRY(incoming.offer(first, files.at(first).size()));
  for (auto need = incoming.need(); need && !stop(); need = incoming.need()) {
    const auto file = files.find(need->file);
    if (!need->offered) {
      SOTTO_TRY(file == files.end() ? incoming.missing(need->file) : incoming.offer(need->file, file->second.size()));
    } else {
      SOTTO_TRY(incoming.push(need->file, slice(file->second, need->offset, piece)));
    }
  }
  return {};
}
Status bring(IncomingModel& incoming, const Files& files, const std::string& first, size_t piece) {
  return bring(incoming, files, first, piece, [] { return false; });
}

std::vector<float> logits_of(const Model& model) {
  Session session = ok(model.new_session());
  return ok(session.append(test::some_tokens(20)));
}

Files read_folder(const fs::path& folder) {
  Files files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    const auto bytes = std::as_bytes(std::span(text));
    files[entry.path().filename().string()] = {bytes.begin(), bytes.end()};
  }
  return files;
}

TEST(IncomingModel, IsTheSameInAnyPieces) {
  const Engine engine = test::make_engine();
  for (const bool tied : {false, true}) {
    const auto bytes = test::tiny_llama_gguf({.tied_head = tied});
    const Files files{{"tiny.gguf", bytes}};
    const std::vector<float> wanted = logits_of(test::open_bytes(bytes, engine));
    for (const size_t piece : {size_t{97}, size_t{4096}, bytes.size()}) {
      IncomingModel incoming = ok(IncomingModel::make({}, engine));
      ok(bring(incoming, files, "tiny.gguf", piece));
      EXPECT_EQ(incoming.done_bytes(), incoming.total_bytes());
      const Model model = ok(incoming.finish());
      EXPECT_EQ(logits_of(model), wanted) << piece;
      EXPECT_NE(model.tokenizer(), nullptr);
    }
  }
}

TEST(IncomingModel, TellsWhatIsInsideBeforeItTakesMemory) {
  const Engine engine = test::make_engine();
  const auto bytes = test::tiny_llama_gguf({.n_layers = 8});
  IncomingModel incoming = ok(IncomingModel::make({}, engine));
  EXPECT_REFUSED(incoming.inspect(), ErrorCode::invalid_argument, "headers");
  EXPECT_REFUSED(incoming.plan({}), ErrorCode::invalid_argument, "headers");
  ok(bring(incoming, {{"tiny.gguf", bytes}}, "tiny.gguf", 512, [&] { return incoming.has_headers(); }));
  EXPECT_EQ(engine.used_bytes(), 0u);
  EXPECT_LT(incoming.need()->offset, bytes.size() / 2);
  const Inspection inspection = ok(incoming.inspect());
  EXPECT_EQ(inspection.architecture, "llama");
  EXPECT_TRUE(inspection.supported);
  const Model model = test::open_bytes(bytes, engine);
  const MemoryUsage plan = ok(incoming.plan({}));
  EXPECT_EQ(plan.weights_bytes, model.memory().weights_bytes);
  EXPECT_EQ(plan.tokenizer_bytes, model.memory().tokenizer_bytes);
  EXPECT_EQ(plan.kv_bytes, ok(model.new_session()).memory().kv_bytes);
}

TEST(IncomingModel, HoldsLittleOfTheFile) {
  const Engine engine = test::make_engine();
  const auto bytes = test::tiny_llama_gguf({.n_layers = 8});
  IncomingModel incoming = ok(IncomingModel::make({}, engine));
  ok(bring(incoming, {{"tiny.gguf", bytes}}, "tiny.gguf", 1000));
  const Model model = ok(incoming.finish());
  EXPECT_EQ(engine.used_bytes(), model.memory().total_bytes());
}

TEST(IncomingModel, ErrorsStay) {
  const Engine engine = test::make_engine();
  auto bytes = test::tiny_llama_gguf();
  IncomingModel early = ok(IncomingModel::make({}, engine));
  EXPECT_REFUSED(early.finish(), ErrorCode::invalid_argument, "complete");
  EXPECT_REFUSED(early.push("other.gguf", {}), ErrorCode::invalid_argument, "other.gguf");
  EXPECT_REFUSED(early.offer("tiny.gguf", 10), ErrorCode::invalid_argument, "other.gguf");

  IncomingModel twice = ok(IncomingModel::make({}, engine));
  ok(twice.offer("tiny.gguf", bytes.size()));
  EXPECT_REFUSED(twice.offer("tiny.gguf", bytes.size()), ErrorCode::invalid_argument, "tiny.gguf");

  IncomingModel outside = ok(IncomingModel::make({}, engine));
  EXPECT_REFUSED(outside.offer("../tiny.gguf", 10), ErrorCode::invalid_argument, "below");

  IncomingModel longer = ok(IncomingModel::make({}, engine));
  ok(longer.offer("tiny.gguf", 10));
  EXPECT_REFUSED(longer.push("tiny.gguf", bytes), ErrorCode::invalid_argument, "tiny.gguf");

  bytes.resize(bytes.size() - 1);
  IncomingModel cut = ok(IncomingModel::make({}, engine));
  EXPECT_REFUSED(bring(cut, {{"tiny.gguf", bytes}}, "tiny.gguf", 4096), ErrorCode::bad_model, "");
  EXPECT_FALSE(cut.need());
  EXPECT_REFUSED(cut.finish(), ErrorCode::bad_model, "");

  IncomingModel html = ok(IncomingModel::make({}, engine));
  const std::string page = "<!doctype html><title>404</title>" + std::string(200, ' ');
  const auto text = std::as_bytes(std::span(page));
  EXPECT_REFUSED(bring(html, {{"a.gguf", {text.begin(), text.end()}}}, "a.gguf", 100), ErrorCode::bad_model, "no model file");
}

TEST(IncomingModel, CanBeCancelledBetweenPieces) {
  const Engine engine = test::make_engine();
  const auto bytes = test::tiny_llama_gguf();
  CancelSource source;
  IncomingModel incoming = ok(IncomingModel::make({.cancel = source.token()}, engine));
  const Status status = bring(incoming, {{"tiny.gguf", bytes}}, "tiny.gguf", 4096, [&] {
    if (incoming.done_bytes() > incoming.total_bytes() / 2) source.cancel();
    return false;
  });
  EXPECT_REFUSED(status, ErrorCode::cancelled, "");
}

TEST(IncomingModel, FoldersAndShardsAreAskedForByName) {
  const Engine engine = test::make_engine();
  for (const char* const name : {"llama-gqa-tied", "llama-gqa-tied-sharded", "gpt2"}) {
    SOTTO_NEEDS(folder, test::anchor("transformers/" + std::string(name)));
    const Files files = read_folder(folder);
    const ModelOptions options{.tokenizer_required = false};
    const Model wanted = ok(Model::open(folder, options, engine));
    for (const size_t piece : {size_t{1000}, size_t{1} << 20}) {
      IncomingModel incoming = ok(IncomingModel::make(options, engine));
      ok(bring(incoming, files, "config.json", piece));
      const Model model = ok(incoming.finish());
      Session a = ok(wanted.new_session()), b = ok(model.new_session());
      const test::Ids ids{5, 9, 3, 77, 12};
      EXPECT_EQ(ok(a.append(ids)), ok(b.append(ids))) << name << " " << piece;
    }
  }
}

}  // namespace
}  // namespace sotto
