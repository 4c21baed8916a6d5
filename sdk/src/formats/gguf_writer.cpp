#include "formats/gguf_writer.h"

#include <algorithm>
#include <array>
#include <limits>

#include "formats/tensor_table.h"

namespace sotto::formats {
namespace {

constexpr uint64_t kAlignment = 32;
constexpr uint32_t kVersion = 3;
constexpr size_t kMaxTensorNameBytes = 63;
constexpr size_t kMaxDims = 4;

// Numbers of the value types.
constexpr uint32_t kU32 = 4, kI32 = 5, kF32 = 6, kBool = 7, kString = 8, kArray = 9, kU64 = 10, kI64 = 11, kF64 = 12;

template <class T>
void append_number(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void append_string(std::string& out, std::string_view text) {
  append_number(out, static_cast<uint64_t>(text.size()));
  out.append(text);
}
template <class T>
std::string scalar(uint32_t type, T value) {
  std::string out;
  append_number(out, type);
  append_number(out, value);
  return out;
}
/// The head of an array, then each value as T.
template <class T, class Values>
std::string array(uint32_t type, const Values& values) {
  std::string out;
  append_number(out, kArray);
  append_number(out, type);
  append_number(out, static_cast<uint64_t>(values.size()));
  out.reserve(out.size() + values.size() * sizeof(T));
  for (const auto value : values) append_number(out, static_cast<T>(value));
  return out;
}
std::string string_array(std::span<const std::string> values) {
  std::string out = array<char>(kString, std::string_view());
  out.resize(out.size() - sizeof(uint64_t));
  append_number(out, static_cast<uint64_t>(values.size()));
  for (const std::string& value : values) append_string(out, value);
  return out;
}

template <class T>
bool fits(int64_t value) {
  return value >= static_cast<int64_t>(std::numeric_limits<T>::min()) &&
         value <= static_cast<int64_t>(std::numeric_limits<T>::max());
}
template <class T>
bool all_fit(const std::vector<int64_t>& values) {
  return std::all_of(values.begin(), values.end(), fits<T>);
}
bool is_f32(double value) {
  return value != value || static_cast<double>(static_cast<float>(value)) == value;
}

struct Encoder {
  std::string operator()(bool v) const { return scalar(kBool, static_cast<uint8_t>(v)); }
  std::string operator()(int64_t v) const {
    if (fits<uint32_t>(v)) return scalar(kU32, static_cast<uint32_t>(v));
    if (fits<int32_t>(v)) return scalar(kI32, static_cast<int32_t>(v));
    return v >= 0 ? scalar(kU64, static_cast<uint64_t>(v)) : scalar(kI64, v);
  }
  std::string operator()(uint64_t v) const { return scalar(kU64, v); }
  std::string operator()(double v) const { return is_f32(v) ? scalar(kF32, static_cast<float>(v)) : scalar(kF64, v); }
  std::string operator()(const std::string& v) const {
    std::string out;
    append_number(out, kString);
    append_string(out, v);
    return out;
  }
  std::string operator()(const std::vector<bool>& v) const { return array<uint8_t>(kBool, v); }
  std::string operator()(const std::vector<int64_t>& v) const {
    if (all_fit<int32_t>(v)) return array<int32_t>(kI32, v);
    return all_fit<uint32_t>(v) ? array<uint32_t>(kU32, v) : array<int64_t>(kI64, v);
  }
  std::string operator()(const std::vector<double>& v) const {
    return std::all_of(v.begin(), v.end(), is_f32) ? array<float>(kF32, v) : array<double>(kF64, v);
  }
  std::string operator()(const std::vector<std::string>& v) const { return string_array(v); }
  std::string operator()(const Json&) const { return {}; }
};

uint64_t padded(uint64_t n) {
  return (n + kAlignment - 1) & ~(kAlignment - 1);
}

}  // namespace

void GgufWriter::put(const std::string& key, std::string type_and_value) {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const auto& held) { return held.first == key; });
  if (found != keys_.end())
    found->second = std::move(type_and_value);
  else
    keys_.emplace_back(key, std::move(type_and_value));
}

void GgufWriter::set_u32(const std::string& key, uint32_t value) {
  put(key, scalar(kU32, value));
}
void GgufWriter::set_i32(const std::string& key, int32_t value) {
  put(key, scalar(kI32, value));
}
void GgufWriter::set_f32(const std::string& key, float value) {
  put(key, scalar(kF32, value));
}
void GgufWriter::set_bool(const std::string& key, bool value) {
  put(key, Encoder()(value));
}
void GgufWriter::set_string(const std::string& key, std::string_view value) {
  put(key, Encoder()(std::string(value)));
}
void GgufWriter::set_strings(const std::string& key, std::span<const std::string> values) {
  put(key, string_array(values));
}
void GgufWriter::set_i32s(const std::string& key, std::span<const int32_t> values) {
  put(key, array<int32_t>(kI32, values));
}
void GgufWriter::set_f32s(const std::string& key, std::span<const float> values) {
  put(key, array<float>(kF32, values));
}

Status GgufWriter::set(const std::string& key, const MetaValue& value) {
  if (std::holds_alternative<Json>(value))
    return Error{ErrorCode::unsupported, "GGUF cannot hold a value of this kind: '" + key + "'", key};
  put(key, std::visit(Encoder(), value));
  return {};
}

Status GgufWriter::add_tensor(std::string name, quant::DType type, std::vector<uint64_t> shape) {
  const quant::TypeInfo& info = quant::info(type);
  const auto refuse = [&](ErrorCode code, const std::string& why) { return Error{code, "the tensor '" + name + "' " + why, name}; };
  if (info.gguf_id < 0)
    return refuse(ErrorCode::unsupported, "is of type " + std::string(info.name) + ", which GGUF does not know");
  if (name.empty() || name.size() > kMaxTensorNameBytes)
    return refuse(ErrorCode::invalid_argument, "needs a name of 1 to 63 bytes");
  if (std::any_of(tensors_.begin(), tensors_.end(), [&](const TensorEntry& held) { return held.name == name; }))
    return refuse(ErrorCode::invalid_argument, "was added before");
  if (shape.empty() || shape.size() > kMaxDims) return refuse(ErrorCode::invalid_argument, "needs 1 to 4 dimensions");
  const auto n_bytes = checked_tensor_bytes(shape, info);
  if (!n_bytes || *n_bytes == 0 || shape.back() % info.block_size != 0)
    return refuse(ErrorCode::invalid_argument,
                  "of shape " + shape_text(shape) + " does not fit the type " + std::string(info.name));
  TensorEntry tensor;
  if (!tensors_.empty()) tensor.offset = padded(tensors_.back().offset + tensors_.back().n_bytes);
  tensor.name = std::move(name);
  tensor.type = type;
  tensor.shape = std::move(shape);
  tensor.n_bytes = *n_bytes;
  tensors_.push_back(std::move(tensor));
  return {};
}

std::string GgufWriter::header() const {
  std::string out = "GGUF";
  append_number(out, kVersion);
  append_number(out, static_cast<uint64_t>(tensors_.size()));
  append_number(out, static_cast<uint64_t>(keys_.size()));
  for (const auto& [key, type_and_value] : keys_) {
    append_string(out, key);
    out += type_and_value;
  }
  for (const TensorEntry& tensor : tensors_) {
    append_string(out, tensor.name);
    append_number(out, static_cast<uint32_t>(tensor.shape.size()));
    for (size_t i = tensor.shape.size(); i-- > 0;) append_number(out, tensor.shape[i]);
    append_number(out, static_cast<uint32_t>(quant::info(tensor.type).gguf_id));
    append_number(out, tensor.offset);
  }
  out.resize(static_cast<size_t>(padded(out.size())), '\0');
  return out;
}

uint64_t GgufWriter::file_bytes() const {
  return header().size() + (tensors_.empty() ? 0 : padded(tensors_.back().offset + tensors_.back().n_bytes));
}

Status GgufWriter::write_header(const ByteSink& sink) {
  const std::string bytes = header();
  return sink(std::as_bytes(std::span(bytes)));
}

Status GgufWriter::write_data(const ByteSink& sink, std::span<const std::byte> bytes) {
  if (current_ == tensors_.size()) return Error{ErrorCode::invalid_argument, "all tensors are written already", "write_data"};
  const TensorEntry& tensor = tensors_[current_];
  if (bytes.size() > tensor.n_bytes - written_)
    return Error{ErrorCode::invalid_argument, "more bytes than the " + std::to_string(tensor.n_bytes) + " of the tensor",
                 tensor.name};
  SOTTO_TRY(sink(bytes));
  written_ += bytes.size();
  if (written_ < tensor.n_bytes) return {};
  written_ = 0;
  ++current_;
  constexpr std::array<std::byte, kAlignment> zeros{};
  return sink(std::span(zeros).first(static_cast<size_t>(padded(tensor.n_bytes) - tensor.n_bytes)));
}

Status GgufWriter::finish() const {
  if (current_ == tensors_.size()) return {};
  return Error{ErrorCode::invalid_argument, "the data of the tensor is missing", tensors_[current_].name};
}

}  // namespace sotto::formats
