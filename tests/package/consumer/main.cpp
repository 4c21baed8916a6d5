// An application that links the SDK: a model that is not there is an error it can read.
#include <cstdio>

#include "sotto/sotto.h"

int main() {
  const auto engine = sotto::Engine::make({.threads = 1});
  if (!engine) return 1;
  const auto model = sotto::Model::open("no such file.gguf", {}, *engine);
  const auto converted = sotto::quantize_file("no such file.gguf", "out.gguf");
  std::printf("%s\n", model ? "?" : model.error().message.c_str());
  return !model && model.error().code == sotto::ErrorCode::not_found && !converted ? 0 : 1;
}
