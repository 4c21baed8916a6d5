#include <algorithm>
#include <cstdio>

#include "text/jinja/characters.h"
#include "text/jinja/print.h"

namespace sotto::jinja {
namespace {

class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}

  Status write(const Value& value, size_t level);
  Result<Value> finish(Context& context) { return out_.finish(context); }

 private:
  void quote(std::string_view text);
  void escape_utf16(uint32_t code);
  void line(size_t level);
  Status members(const Dict& map, size_t level);
  Status key(const Value& value);

  const JsonStyle& style_;
  TextBuilder out_;
};

std::string json_float(double number) {
  const std::string text = float_text(number);
  return text == "nan" ? "NaN" : text == "inf" ? "Infinity" : text == "-inf" ? "-Infinity" : text;
}

Status JsonWriter::write(const Value& value, size_t level) {
  if (out_.full()) return {};
  if (const std::string* text = value.text()) return quote(*text), Status{};
  if (const Dict* map = value.dict()) return members(*map, level);
  if (const bool* flag = value.as<bool>()) return out_.add(*flag ? "true" : "false"), Status{};
  if (const int64_t* whole = value.as<int64_t>()) return out_.add(std::to_string(*whole)), Status{};
  if (const double* real = value.as<double>()) return out_.add(json_float(*real)), Status{};
  if (value.is_none()) return out_.add("null"), Status{};
  const Sequence* list = value.sequence();
  if (list == nullptr || list->kind > Sequence::Kind::tuple)
    return failure("Object of type " + std::string(value.type_name()) + " is not JSON serializable");
  out_.add("[");
  for (size_t i = 0; i < list->items.size(); ++i) {
    if (i != 0) out_.add(style_.item_separator);
    line(level + 1);
    SOTTO_TRY(write(list->items[i], level + 1));
  }
  if (!list->items.empty()) line(level);
  out_.add("]");
  return {};
}

Status JsonWriter::members(const Dict& map, size_t level) {
  std::vector<const Dict::Entry*> order;
  for (const Dict::Entry& entry : map.entries) order.push_back(&entry);
  if (style_.sort_keys) {
    for (const Dict::Entry* entry : order)
      if (entry->first.text() == nullptr) return failure("tojson sorts keys that are strings only");
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return *a->first.text() < *b->first.text(); });
  }
  out_.add("{");
  for (size_t i = 0; i < order.size(); ++i) {
    if (i != 0) out_.add(style_.item_separator);
    line(level + 1);
    SOTTO_TRY(key(order[i]->first));
    out_.add(style_.key_separator);
    SOTTO_TRY(write(order[i]->second, level + 1));
  }
  if (!order.empty()) line(level);
  out_.add("}");
  return {};
}

Status JsonWriter::key(const Value& value) {
  if (const std::string* text = value.text()) return quote(*text), Status{};
  if (!value.is_number() && !value.is_none())
    return failure("keys of a JSON object must be strings, not " + std::string(value.type_name()));
  out_.add("\"");
  SOTTO_TRY(write(value, 0));
  out_.add("\"");
  return {};
}

void JsonWriter::line(size_t level) {
  if (!style_.multiline) return;
  out_.add("\n");
  for (size_t i = 0; i < level; ++i) out_.add(style_.indent);
}

void JsonWriter::escape_utf16(uint32_t code) {
  char escape[16];
  if (code >= 0x10000) {
    std::snprintf(escape, sizeof escape, "\\u%04x\\u%04x", static_cast<unsigned>(0xD800 + ((code - 0x10000) >> 10)),
                  static_cast<unsigned>(0xDC00 + ((code - 0x10000) & 0x3FF)));
  } else {
    std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(code));
  }
  out_.add(escape);
}

void JsonWriter::quote(std::string_view text) {
  static constexpr std::string_view kPlain = "\"\\\n\r\t\b\f";
  static constexpr std::string_view kLetters = "\"\\nrtbf";
  out_.add("\"");
  for_each_character(text, [&](uint32_t code, std::string_view bytes) {
    const size_t short_form = code < 0x80 ? kPlain.find(static_cast<char>(code)) : std::string_view::npos;
    if (short_form != std::string_view::npos) {
      out_.add(1, '\\');
      out_.add(1, kLetters[short_form]);
    } else if (code < 0x20 || (style_.ensure_ascii && code > 0x7E)) {
      escape_utf16(code);
    } else {
      out_.add(bytes);
    }
  });
  out_.add("\"");
}

}  // namespace

Result<Value> to_json(Context& context, const Value& value, const JsonStyle& style) {
  JsonWriter writer(style);
  SOTTO_TRY(writer.write(value, 0));
  return writer.finish(context);
}

}  // namespace sotto::jinja
