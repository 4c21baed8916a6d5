#include "formats/json.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <span>

// Only the SAX parser is used: it reports faults by a callback and throws nothing.
#define JSON_NO_IO 1
#define JSON_ASSERT(condition) static_cast<void>(0)
#include <nlohmann/json.hpp>

namespace sotto::formats {
namespace {

/// Bytes of text that pay for one value. The densest useful documents (BPE merges as pairs of strings) need 4.
constexpr size_t kTextBytesPerValue = 3;
constexpr size_t kFreeValues = size_t{1} << 16;

/// Characters of the text; tells how far the parser has read, for the offset in errors.
class Cursor {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor() = default;
  Cursor(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at_ == other.at_; }
  bool operator!=(const Cursor& other) const { return at_ != other.at_; }

 private:
  const char* at_ = nullptr;
  const char** reached_ = nullptr;
};

/// The name of a member that occurs twice.
const std::string* duplicate_key(std::span<const Json::Member> members) {
  if (members.size() <= 8) {
    for (size_t i = 1; i < members.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        if (members[i].first == members[j].first) return &members[i].first;
    return nullptr;
  }
  // Sorted by hash first: 262,144 names in 30 ms; names chosen to collide only bring the order of the names themselves.
  std::vector<std::pair<size_t, uint32_t>> order(members.size());
  for (size_t i = 0; i < members.size(); ++i)
    order[i] = {std::hash<std::string_view>()(members[i].first), static_cast<uint32_t>(i)};
  std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : members[a.second].first < members[b.second].first;
  });
  const auto twice = std::adjacent_find(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    return a.first == b.first && members[a.second].first == members[b.second].first;
  });
  return twice == order.end() ? nullptr : &members[twice->second].first;
}

/// Receives the parser's events. Open containers share two stacks, so that each container is allocated once, at its final size.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, std::string_view where, const JsonLimits& limits, const Json::MemberSink& on_member)
      : where_(where),
        begin_(text.data()),
        reached_(text.data()),
        on_member_(on_member),
        max_depth_(limits.max_depth),
        max_values_(std::min(limits.max_values, kFreeValues + text.size() / kTextBytesPerValue)) {}

  Cursor cursor(const char* at) { return {at, &reached_}; }
  Json take() { return std::move(root_); }
  Error error_at(size_t offset, const std::string& message) const {
    const std::string place = std::to_string(offset);
    return {ErrorCode::bad_model, "not valid JSON at byte " + place + ": " + message, std::string(where_) + ":" + place};
  }
  Error error() const {
    return failure_.value_or(Error{ErrorCode::internal, "the JSON parser stopped without a reason", std::string(where_)});
  }

  bool null() { return add(Json()); }
  bool boolean(bool value) { return add(Json(value)); }
  bool number_integer(int64_t value) { return add(Json(value)); }
  bool number_unsigned(uint64_t value) {
    return value <= static_cast<uint64_t>(INT64_MAX) ? add(Json(static_cast<int64_t>(value))) : add(Json(value));
  }
  bool number_float(double value, const std::string&) { return add(Json(value)); }
  bool string(std::string& value) { return add(Json(std::string(value))); }
  template <class Binary>
  bool binary(Binary&) {
    return fail("JSON has no binary values");
  }

  bool start_object(size_t) { return open({true, members_.size()}); }
  bool key(std::string& name) {
    members_.emplace_back(std::string(name), Json());
    return true;
  }
  bool end_object() {
    const auto first = members_.begin() + static_cast<ptrdiff_t>(levels_.back().start);
    if (const std::string* twice = duplicate_key({first, members_.end()}))
      return fail("the key " + json_quote(shortened(*twice)) + " occurs twice in one object");
    Json::Object object(std::make_move_iterator(first), std::make_move_iterator(members_.end()));
    members_.erase(first, members_.end());
    return close(Json(std::move(object)));
  }
  bool start_array(size_t) { return open({false, items_.size()}); }
  bool end_array() {
    const auto first = items_.begin() + static_cast<ptrdiff_t>(levels_.back().start);
    Json::Array array(std::make_move_iterator(first), std::make_move_iterator(items_.end()));
    items_.erase(first, items_.end());
    return close(Json(std::move(array)));
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& exception) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: what is wrong; last read: 'a text of any length'"
    std::string_view text = exception.what();
    const size_t id = text.find("] ");
    if (id != text.npos) text.remove_prefix(id + 2);
    const size_t place = text.starts_with("parse error") ? text.find(": ") : text.npos;
    if (place != text.npos) text.remove_prefix(place + 2);
    return fail(shortened(text.substr(0, text.find("; last read"))));
  }

 private:
  struct Level {
    bool is_object;
    size_t start;  // of its members in members_, or of its items in items_
  };

  static std::string shortened(std::string_view text) {
    constexpr size_t kMost = 160;
    return text.size() <= kMost ? std::string(text) : std::string(text.substr(0, kMost)) + "...";
  }
  bool fail(const std::string& message) {
    if (!failure_) failure_ = error_at(static_cast<size_t>(reached_ - begin_), message);
    return false;
  }
  bool add(Json value) {
    if (++n_values_ > max_values_) return fail("more than " + std::to_string(max_values_) + " values");
    return put(std::move(value));
  }
  bool put(Json value) {
    if (levels_.size() == 1 && levels_[0].is_object && on_member_) return hand_over(std::move(value));
    if (levels_.empty())
      root_ = std::move(value);
    else if (levels_.back().is_object)
      members_.back().second = std::move(value);
    else
      items_.push_back(std::move(value));
    return true;
  }
  bool hand_over(Json value) {
    auto status = on_member_(std::move(members_.back().first), std::move(value));
    members_.pop_back();
    if (!status) failure_ = std::move(status).error();
    return status.has_value();
  }
  bool open(Level level) {
    if (levels_.size() >= max_depth_) return fail("nested deeper than " + std::to_string(max_depth_) + " levels");
    if (++n_values_ > max_values_) return fail("more than " + std::to_string(max_values_) + " values");
    levels_.push_back(level);
    return true;
  }
  bool close(Json value) {
    levels_.pop_back();
    return put(std::move(value));
  }

  std::string_view where_;
  const char* begin_;
  const char* reached_;
  const Json::MemberSink& on_member_;  // empty: members are kept
  size_t max_depth_;
  size_t max_values_;
  size_t n_values_ = 0;
  std::vector<Level> levels_;
  std::vector<Json> items_;
  std::vector<Json::Member> members_;
  Json root_;
  std::optional<Error> failure_;
};

Result<Json> build(std::string_view text, std::string_view where, const JsonLimits& limits, const Json::MemberSink& on_member) {
  TreeBuilder builder(text, where, limits, on_member);
  // The parser takes a zero byte for the end: what follows would go unseen.
  if (const size_t zero = text.find('\0'); zero != text.npos) return builder.error_at(zero, "a zero byte");
  if (!nlohmann::json::sax_parse(builder.cursor(text.data()), builder.cursor(text.data() + text.size()), &builder))
    return builder.error();
  return builder.take();
}

}  // namespace

Result<Json> Json::parse(std::string_view text, std::string_view where, const JsonLimits& limits) {
  return build(text, where, limits, {});
}

Status Json::parse_members(std::string_view text, std::string_view where, const MemberSink& on_member, const JsonLimits& limits) {
  SOTTO_ASSIGN(const Json root, build(text, where, limits, on_member));
  if (root.as_object()) return {};
  return Error{ErrorCode::bad_model, "wanted: a JSON object", std::string(where)};
}

const Json* Json::find(std::string_view key) const noexcept {
  const Object* object = as_object();
  if (!object) return nullptr;
  for (const auto& [name, value] : *object)
    if (name == key) return &value;
  return nullptr;
}

std::string_view Json::kind() const noexcept {
  constexpr std::string_view kinds[] = {"null", "boolean", "number", "number", "number", "string", "array", "object"};
  return kinds[value_.index()];
}

}  // namespace sotto::formats
