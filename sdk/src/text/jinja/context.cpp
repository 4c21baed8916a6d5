#include "text/jinja/context.h"

#include <algorithm>

namespace sotto::jinja {
namespace {

constexpr size_t kObjectBytes = 64;  // what an object takes beside its contents, about

}  // namespace

Status Context::check_work() const {
  if (steps_left_ > 0) return {};
  return failure("more than " + std::to_string(kMaxSteps) + " steps");
}

Result<Charge> Context::charge(size_t bytes) {
  if (bytes > kMaxLiveBytes - std::min(live_bytes_, kMaxLiveBytes))
    return failure("values of more than " + std::to_string(kMaxLiveBytes) + " bytes");
  return Charge(&live_bytes_, bytes);
}

Result<Value> Context::text(std::string string) {
  if (string.size() > kMaxTextBytes) return failure("a string of more than " + std::to_string(kMaxTextBytes) + " bytes");
  work(static_cast<int64_t>(string.size() / kBytesPerStep));
  SOTTO_ASSIGN(Charge bytes, charge(string.size() + kObjectBytes));
  return Value(std::make_shared<const Text>(Text{std::move(string), std::move(bytes)}));
}

Result<Value> Context::list(std::vector<Value> items, Sequence::Kind kind) {
  if (items.size() > kMaxItems) return failure("a list of more than " + std::to_string(kMaxItems) + " items");
  work(static_cast<int64_t>(items.size()));
  size_t depth = 0;
  for (const Value& item : items) depth = std::max(depth, item.depth());
  if (depth >= kMaxValueDepth) return failure("lists nested deeper than " + std::to_string(kMaxValueDepth));
  SOTTO_ASSIGN(Charge bytes, charge(items.capacity() * sizeof(Value) + kObjectBytes));
  return Value(std::make_shared<const Sequence>(Sequence{std::move(items), kind, depth + 1, 0, false, std::move(bytes)}));
}

Result<Value> Context::dict(std::vector<Dict::Entry> entries) {
  if (entries.size() > kMaxItems) return failure("a dict of more than " + std::to_string(kMaxItems) + " members");
  work(static_cast<int64_t>(entries.size()));
  size_t depth = 0;
  for (const auto& [key, value] : entries) depth = std::max({depth, key.depth(), value.depth()});
  if (depth >= kMaxValueDepth) return failure("dicts nested deeper than " + std::to_string(kMaxValueDepth));
  SOTTO_ASSIGN(Charge bytes, charge(entries.capacity() * sizeof(Dict::Entry) + kObjectBytes));
  return Value(std::make_shared<const Dict>(Dict{std::move(entries), depth + 1, std::move(bytes)}));
}

Result<Value> Context::bound(const NativeRow* method, const Value& self) {
  if (self.depth() >= kMaxValueDepth) return failure("values nested deeper than " + std::to_string(kMaxValueDepth));
  return Value(std::make_shared<const Bound>(Bound{method, self}));
}

Result<Value> Context::make_namespace() {
  SOTTO_ASSIGN(Charge bytes, charge(sizeof(Namespace) + kObjectBytes));
  namespaces_.push_back(std::make_unique<Namespace>(Namespace{{}, std::move(bytes)}));
  return Value(namespaces_.back().get());
}

Status Context::set_member(Namespace& target, const std::string& name, Value value) {
  work(static_cast<int64_t>(target.members.size()));
  for (auto& [member, held] : target.members) {
    if (member == name) return held = std::move(value), Status{};
  }
  SOTTO_ASSIGN(Charge bytes, charge(name.size() + sizeof(Value) + kObjectBytes));
  target.charge.add(std::move(bytes));
  target.members.emplace_back(name, std::move(value));
  return {};
}

void TextBuilder::add(size_t count, char c) {
  if (count > kMaxTextBytes - text_.size()) full_ = true;
  if (!full_) text_.append(count, c);
}

Result<Value> TextBuilder::finish(Context& context) {
  if (full_) return failure("a string of more than " + std::to_string(kMaxTextBytes) + " bytes");
  return context.text(std::move(text_));
}

}  // namespace sotto::jinja
