// Every command on a tiny model: what it prints, and the fields of its JSON.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

#include "sotto_process.h"
#include "support/anchors.h"

namespace sotto::cli {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;

class Commands : public CommandTest {};

void expect_keys(const json& object, std::vector<std::string> wanted) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  std::sort(wanted.begin(), wanted.end());
  EXPECT_EQ(keys, wanted);
}

TEST_F(Commands, Run) {
  const std::vector<std::string> line{"run", model_, "-p", "Hello there", "-n", "12", "--ignore-eos", "--threads", "2"};
  const json answer = json_of(line);
  expect_keys(answer, {"text", "tokens", "prompt_tokens", "finish_reason", "stop_string", "seed", "invalid_bytes", "usage",
                       "timings", "memory"});
  expect_keys(answer["usage"], {"prompt_tokens", "cached_tokens", "completion_tokens"});
  expect_keys(answer["timings"],
              {"load_ms", "tokenize_ms", "prefill_ms", "first_token_ms", "decode_ms", "prefill_tps", "decode_tps"});
  expect_keys(answer["memory"], {"weights_bytes", "tokenizer_bytes", "kv_bytes", "scratch_bytes", "peak_bytes"});
  EXPECT_EQ(answer["tokens"].size(), 12u);
  EXPECT_EQ(answer["finish_reason"], "length");
  EXPECT_EQ(answer["usage"]["completion_tokens"], 12);
  EXPECT_EQ(answer["usage"]["prompt_tokens"], answer["prompt_tokens"].size());
  EXPECT_EQ(answer["prompt_tokens"][0], 318) << "the chat template begins with <|im_start|>";
  EXPECT_GT(answer["memory"]["weights_bytes"], 0);

  const Outcome streamed = run_sotto(line);
  EXPECT_EQ(streamed.status, 0);
  EXPECT_EQ(streamed.out, answer["text"].get<std::string>() + "\n") << "streamed text is the text";
  EXPECT_EQ(streamed.err, "") << "no progress where there is no terminal";
}

TEST_F(Commands, RunTakesItsPromptFromEverywhere) {
  const auto ids = [&](std::vector<std::string> more, std::string_view input = {}) {
    more.insert(more.begin(), {"run", model_, "-n", "1"});
    return json_of(more, input)["prompt_tokens"];
  };
  const json plain = ids({"--raw", "-p", "the [a,b] \"c\""});
  EXPECT_EQ(ids({"--raw", "--file", write("prompt.txt", "the [a,b] \"c\"")}), plain);
  EXPECT_EQ(ids({"--raw", "--file", "-"}, "the [a,b] \"c\""), plain);
  EXPECT_EQ(ids({"--raw", "-p", "-"}, "the [a,b] \"c\""), plain);
  EXPECT_EQ(ids({"--tokens", "1,2, 3"}), (json{1, 2, 3}));
  EXPECT_NE(ids({"-p", "the"}), ids({"-p", "the", "--system", "Be kind."}));
  expect_failure({"run", model_, "--tokens", "1,9999"}, 1, "9999");
}

TEST_F(Commands, RunHonoursItsOptions) {
  const auto answer = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"run", model_, "--raw", "-p", "Hello", "-n", "20", "--ignore-eos"});
    return json_of(more);
  };
  const json greedy = answer({});
  EXPECT_EQ(answer({"--threads", "3"})["tokens"], greedy["tokens"]);
  const json sampled = answer({"--temperature", "5", "--seed", "7", "--top-k", "0", "--top-p", "1"});
  EXPECT_EQ(sampled["seed"], 7);
  EXPECT_NE(sampled["tokens"], greedy["tokens"]);
  EXPECT_EQ(answer({"--temperature", "5", "--seed", "7", "--top-k", "0", "--top-p", "1"})["tokens"], sampled["tokens"]);
  const std::string first = std::to_string(greedy["tokens"][0].get<int>());
  EXPECT_NE(answer({"--logit-bias", first + "=-100"})["tokens"][0], greedy["tokens"][0]);
  const json scored = answer({"--logprobs", "2"});
  ASSERT_EQ(scored["logprobs"].size(), 20u);
  EXPECT_EQ(scored["logprobs"][0]["top_logprobs"].size(), 2u);
  EXPECT_EQ(scored["logprobs"][0]["top_logprobs"][0]["token"], greedy["tokens"][0]);

  // A stop text is taken as it is, and may come more than once.
  const json stopped =
      answer({"--logit-bias", "60=100", "--stop", "[never,this]", "--stop", std::string(3, static_cast<char>('!' + 60))});
  EXPECT_EQ(stopped["finish_reason"], "stop_string");
  EXPECT_EQ(stopped["text"], "");
  EXPECT_EQ(stopped["tokens"].size(), 3u);

  const json late =
      json_of({"run", model_, "--raw", "-p", "a", "-n", "200000", "--context", "200000", "--ignore-eos", "--timeout", "0.05"});
  EXPECT_EQ(late["finish_reason"], "deadline");
}

TEST_F(Commands, RunWritesATrace) {
  text_of({"run", model_, "-p", "a", "-n", "2", "--trace", path("trace.json")});
  const json trace = test::read_json(path("trace.json"));
  EXPECT_GT(trace["traceEvents"].size(), 5u);
  expect_failure({"run", model_, "-p", "a", "-n", "1", "--json", "--quiet", "--trace", path("no/where"), "--tokens", "1"}, 2, "");
}

TEST_F(Commands, RunWithoutTokenizer) {
  SOTTO_NEEDS(hf, test::anchor("models/stories260K-hf"));
  fs::create_directories(path("bare"));
  for (const char* file : {"config.json", "model.safetensors"}) fs::copy_file(fs::path(hf) / file, folder_ / "bare" / file);
  const Outcome outcome = run_sotto({"run", path("bare"), "--tokens", "1,403", "-n", "5", "--ignore-eos"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("warning: "), std::string::npos);
  json ids = json::array();
  std::istringstream words(outcome.out);
  for (int id; words >> id;) ids.push_back(id);
  EXPECT_EQ(ids, json_of({"run", path("bare"), "--tokens", "1,403", "-n", "5", "--ignore-eos", "--quiet"})["tokens"]);
  EXPECT_EQ(run_sotto({"run", path("bare"), "-p", "a", "--quiet"}).status, 1);
}

TEST_F(Commands, TokenizeGoesThereAndBack) {
  const std::string text = "The thing <|im_end|> \xE2\x82\xAC\n\n ok";
  const json ids = json_of({"tokenize", model_}, text)["ids"];
  const std::string line = text_of({"tokenize", model_}, text);
  EXPECT_EQ(text_of({"tokenize", model_, "--decode"}, line), text);
  EXPECT_EQ(json_of({"tokenize", model_, "--decode"}, ids.dump())["text"], text);
  EXPECT_EQ(json_of({"tokenize", model_, "--special"}, "a<|im_end|>")["ids"].back(), 319);
  EXPECT_EQ(text_of({"tokenize", model_, "--decode"}, "319"), "<|im_end|>");
  EXPECT_EQ(text_of({"tokenize", model_}, ""), "\n");
  expect_failure({"tokenize", model_, "--decode"}, 1, "'one'", "1 one");
  expect_failure({"tokenize", model_, "--decode"}, 1, "99999", "99999");

  SOTTO_NEEDS(vocabulary, test::anchor("vocab/ggml-vocab-llama-spm.gguf"));
  EXPECT_EQ(json_of({"tokenize", vocabulary}, "Hello")["ids"], (json{1, 15043}));
  EXPECT_EQ(json_of({"tokenize", vocabulary, "--no-bos"}, "Hello")["ids"], (json{15043}));
  EXPECT_EQ(text_of({"tokenize", vocabulary, "--decode"}, "1 15043"), "Hello");
}

TEST_F(Commands, Logits) {
  const json last = json_of({"logits", model_, "--tokens", "5,6,7", "-o", path("last.bin")});
  expect_keys(last, {"file", "n_tokens", "rows", "n_vocab", "argmax"});
  EXPECT_EQ(last["n_vocab"], 320);
  EXPECT_EQ(fs::file_size(path("last.bin")), 320u * 4);
  EXPECT_EQ(text_of({"logits", model_, "--tokens", "5,6,7", "--all", "-o", path("all.bin")}), "");
  EXPECT_EQ(fs::file_size(path("all.bin")), 3u * 320 * 4);
  const std::string all = test::read_text(path("all.bin")), one = test::read_text(path("last.bin"));
  EXPECT_EQ(all.substr(2 * 320 * 4), one);
  EXPECT_EQ(text_of({"logits", model_, "--tokens", "5,6,7", "-o", "-"}), one);
  EXPECT_EQ(json_of({"run", model_, "--tokens", "5,6,7", "-n", "1"})["tokens"][0], last["argmax"]);
  expect_failure({"logits", model_, "--tokens", "5", "-o", path("no/where")}, 1, "no/where");
  expect_failure({"logits", model_, "--tokens", "5,6,7", "--context", "2", "-o", path("x")}, 1, "error: context_overflow: ");
}

// Rounded frequencies are what the reference data of 16-bit folders was computed with.
TEST_F(Commands, LogitsOfAConvertedModel) {
  SOTTO_NEEDS(folder, test::anchor("transformers/qwen3-bf16"));
  const json golden = test::read_json(folder + "/golden.json");
  const std::string ids = golden["prompts"].back().dump();
  const auto floats = [](const std::string& file) {
    const auto bytes = test::read_bytes(file);
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return values;
  };
  const auto distance = [&](const std::string& rounding) {
    text_of({"logits", folder, "--tokens", ids.substr(1, ids.size() - 2), "--all", "--kv=f32", "--quantize=none",
             "--activations=f32", rounding, "-o", path("logits.bin")});
    const auto got = floats(path("logits.bin")), wanted = floats(folder + "/logits.f32");
    EXPECT_FALSE(got.empty());
    double largest = 0;
    for (size_t i = 0; i < got.size(); ++i)
      largest = std::max<double>(largest, std::fabs(got[i] - wanted[wanted.size() - got.size() + i]));
    return largest / golden["logits_std"].get<double>();
  };
  EXPECT_LE(distance("--round-rope"), 1e-4);
  EXPECT_GT(distance("--round-rope=false"), 1e-3);
}

TEST_F(Commands, Perplexity) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "the thing is on and the other is in it ";
  const json score = json_of({"perplexity", model_, write("text", text), "--context", "64", "--chunks", "3"});
  expect_keys(score, {"ppl", "nll", "tokens", "nll_per_chunk"});
  EXPECT_EQ(score["nll_per_chunk"].size(), 3u);
  EXPECT_EQ(score["tokens"], 3 * 31);
  EXPECT_NEAR(score["ppl"].get<double>(), std::exp(score["nll"].get<double>()), 1e-6 * score["ppl"].get<double>());
  EXPECT_NEAR(std::stod(text_of({"perplexity", model_, "-", "--context", "64", "--chunks", "3"}, text)), score["ppl"].get<double>(),
              1e-3);
  expect_failure({"perplexity", model_, write("short", "the"), "--context", "64"}, 1, "error: invalid_argument: ");
}

TEST_F(Commands, InspectAndPlan) {
  const json found = json_of({"inspect", model_});
  expect_keys(found,
              {"format", "architecture", "supported", "unsupported_reason", "parameters", "tensor_bytes", "metadata", "tensors"});
  EXPECT_EQ(found["format"], "gguf");
  EXPECT_EQ(found["architecture"], "llama");
  EXPECT_EQ(found["supported"], true);
  EXPECT_EQ(found["tensors"].size(), 21u);
  expect_keys(found["tensors"][0], {"name", "type", "shape", "bytes"});
  EXPECT_EQ(found["tensors"][0]["shape"], (json{320, 64}));
  EXPECT_NE(text_of({"inspect", model_}).find("token_embd.weight"), std::string::npos);

  const json plan = json_of({"plan", model_, "--context", "128"});
  expect_keys(plan, {"weights_bytes", "tokenizer_bytes", "kv_bytes", "scratch_bytes", "total_bytes"});
  const json held = json_of({"run", model_, "-p", "a", "-n", "1", "--context", "128"})["memory"];
  for (const char* part : {"weights_bytes", "tokenizer_bytes", "kv_bytes", "scratch_bytes"})
    EXPECT_EQ(plan[part], held[part]) << part;
  EXPECT_EQ(json_of({"plan", model_, "--context", "128", "--kv", "f32"})["kv_bytes"], 2 * plan["kv_bytes"].get<int>());
}

TEST_F(Commands, QuantizeWritesAModel) {
  const json report = json_of({"quantize", model_, path("q8.gguf"), "--type", "q8_0"});
  expect_keys(report, {"file", "type", "input_bytes", "output_bytes", "quantized", "kept"});
  EXPECT_EQ(report["output_bytes"], fs::file_size(path("q8.gguf")));
  EXPECT_LT(fs::file_size(path("q8.gguf")), fs::file_size(model_) / 2);
  EXPECT_EQ(json_of({"run", path("q8.gguf"), "-p", "a", "-n", "3", "--ignore-eos"})["tokens"].size(), 3u);
  text_of({"quantize", model_, path("again.gguf")});
  EXPECT_EQ(test::read_text(path("again.gguf")), test::read_text(path("q8.gguf")));
  expect_failure({"quantize", model_, path("x.gguf"), "--type", "q99"}, 1, "q99");
  EXPECT_FALSE(fs::exists(path("x.gguf")));
}

TEST_F(Commands, Bench) {
  const json speed = json_of({"bench", model_, "-p", "16,40", "-n", "4", "-r", "3", "-t", "1,2"});
  expect_keys(speed, {"model", "target", "max_tokens", "load_ms", "first_token_ms", "roof", "runs"});
  json measured;
  for (const json& run : speed["runs"]) measured.push_back({run["threads"], run["prompt_tokens"]});
  EXPECT_EQ(measured, (json{{1, 16}, {1, 40}, {2, 16}, {2, 40}}));
  for (const json& run : speed["runs"]) {
    expect_keys(run, {"threads", "prompt_tokens", "prefill_tps", "prefill_tps_min", "prefill_tps_max", "prefill_share",
                      "decode_tps", "decode_tps_min", "decode_tps_max", "decode_share"});
    const std::string threads = std::to_string(run["threads"].get<int>());
    EXPECT_GT(speed["roof"]["read_gb_s"][threads], 0.01);
    EXPECT_GT(speed["roof"]["mac_per_cycle"][threads], 0.01);
    EXPECT_GT(run["decode_tps_min"], 0);
    EXPECT_LE(run["decode_tps_min"], run["decode_tps"]);
    EXPECT_LE(run["decode_tps"], run["decode_tps_max"]);
  }
}

TEST_F(Commands, Template) {
  const std::string conversation =
      R"({"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": true, "name": "x"})";
  const std::string text = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";
  EXPECT_EQ(text_of({"template", model_}, conversation), text);
  EXPECT_EQ(json_of({"template", model_}, conversation)["text"], text);
  const std::string jinja = write("t.jinja", "{{ bos_token }}{{ name }}{{ messages[0].content }}");
  EXPECT_EQ(text_of({"template", jinja}, conversation), "xHi");
  expect_failure({"template", write("bad.jinja", "{% if %}")}, 1, "error: template_error: ", conversation);
  expect_failure({"template", write("no.jinja", "{{ raise_exception('not so') }}")}, 1, "not so", conversation);
  expect_failure({"template", model_}, 1, "error: ", "no json");
  expect_failure({"template", model_}, 1, "error: ", std::string(100000, '['));
}

}  // namespace
}  // namespace sotto::cli
