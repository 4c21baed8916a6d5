#include "formats/gguf.h"

#include "formats/byte_reader.h"
#include "formats/tensor_table.h"
#include "formats/utf8.h"

namespace sotto::formats {
namespace {

// No published file comes near these; they bound what a file of a few bytes per item can make of the memory.
constexpr uint64_t kMaxKeys = uint64_t{1} << 15;
constexpr uint64_t kMaxKeyBytes = 65535;      // the format's own limit
constexpr uint64_t kMaxTensorNameBytes = 63;  // 64 with the terminator of the reference
constexpr uint64_t kMaxAlignment = uint64_t{1} << 20;
constexpr uint32_t kMaxDims = 4;
// Items of 8-bit arrays: each becomes 8 bytes. The longest published ones are normaliser tables of 240,000.
constexpr uint64_t kMaxSmallIntegers = uint64_t{1} << 19;
constexpr uint64_t kMinKeyBytes = 8 + 1 + 4 + 1;             // name length, name, type, value
constexpr uint64_t kMinTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;  // name length, name, rank, one dimension, type, offset

// Value types in the order of their numbers.
enum class ValueType : uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };
constexpr uint32_t kLastValueType = static_cast<uint32_t>(ValueType::f64);

/// read.operator()<T>() with the T of a number's type.
template <class Read>
Result<MetaValue> as_number(ValueType type, const Read& read) {
  switch (type) {
    case ValueType::u8:
      return read.template operator()<uint8_t>();
    case ValueType::i8:
      return read.template operator()<int8_t>();
    case ValueType::u16:
      return read.template operator()<uint16_t>();
    case ValueType::i16:
      return read.template operator()<int16_t>();
    case ValueType::u32:
      return read.template operator()<uint32_t>();
    case ValueType::i32:
      return read.template operator()<int32_t>();
    case ValueType::f32:
      return read.template operator()<float>();
    case ValueType::u64:
      return read.template operator()<uint64_t>();
    case ValueType::i64:
      return read.template operator()<int64_t>();
    case ValueType::f64:
      return read.template operator()<double>();
    default:
      return Error{ErrorCode::internal, "this value type is no number", "gguf"};
  }
}

class HeaderReader {
 public:
  explicit HeaderReader(const ByteSource& source) : source_(source), reader_(source) { header_.metadata = Metadata(source.name()); }

  Result<GgufHeader> read() {
    SOTTO_TRY(read_version());
    SOTTO_ASSIGN(const size_t n_tensors, reader_.count(kMinTensorBytes, "the number of tensors"));
    SOTTO_ASSIGN(const size_t n_keys, reader_.count(kMinKeyBytes, "the number of metadata keys"));
    if (n_keys > kMaxKeys)
      return reader_.error("the number of metadata keys is " + std::to_string(n_keys) + ", at most " + std::to_string(kMaxKeys) +
                           " are read");
    for (size_t i = 0; i < n_keys; ++i) SOTTO_TRY(read_key());
    SOTTO_TRY(reader_.check_count(n_tensors, kMinTensorBytes, "the number of tensors"));
    header_.tensors.reserve(n_tensors);
    for (size_t i = 0; i < n_tensors; ++i) SOTTO_TRY(read_tensor());
    SOTTO_TRY(place_tensors());
    return std::move(header_);
  }

 private:
  Status read_version() {
    SOTTO_ASSIGN(const auto magic, reader_.bytes(4, "the magic"));
    if (std::memcmp(magic.data(), "GGUF", 4) != 0)
      return Error{ErrorCode::bad_model, "this is no GGUF file: it does not start with \"GGUF\"", source_.name() + ":0"};
    SOTTO_ASSIGN(header_.version, reader_.number<uint32_t>("the version"));
    const uint32_t version = header_.version;
    if (version == 2 || version == 3) return {};
    if (version != 0 && (version & 0xFFFF) == 0)
      return Error{ErrorCode::unsupported, "this GGUF file is big-endian; only little-endian files are read",
                   source_.name() + ":4"};
    return Error{ErrorCode::unsupported, "GGUF version " + std::to_string(version) + " is not read, only versions 2 and 3",
                 source_.name() + ":4"};
  }

  Result<std::string> read_string(const char* what, uint64_t max_bytes = UINT64_MAX) {
    SOTTO_ASSIGN(const size_t length, reader_.count(1, what));
    if (length > max_bytes)
      return reader_.error(std::string(what) + " is " + std::to_string(length) + " bytes long, at most " +
                           std::to_string(max_bytes) + " are allowed");
    SOTTO_ASSIGN(const auto raw, reader_.bytes(length, what));
    return std::string(reinterpret_cast<const char*>(raw.data()), raw.size());
  }

  Error key_error(const std::string& key, std::string message) const {
    return {ErrorCode::bad_model, "'" + key + "' in " + source_.name() + " " + std::move(message), key};
  }

  Status read_key() {
    SOTTO_ASSIGN(std::string key, read_string("a metadata key", kMaxKeyBytes));
    if (key.empty()) return reader_.error("a metadata key is empty");
    if (key.find('\0') != key.npos || !is_utf8(key))
      return reader_.error("a metadata key is no text: " + json_quote(key.substr(0, 64)));
    if (header_.metadata.values().contains(key)) return key_error(key, "occurs twice");
    SOTTO_ASSIGN(const auto type, reader_.number<uint32_t>("the type of a metadata value"));
    if (key == "general.alignment") return read_alignment(key, type);
    SOTTO_ASSIGN(MetaValue value, read_value(key, type));
    header_.metadata.set(std::move(key), std::move(value));
    return {};
  }

  Status read_alignment(const std::string& key, uint32_t type) {
    if (type != static_cast<uint32_t>(ValueType::u32))
      return key_error(key, "has value type " + std::to_string(type) + ", wanted: 4 (uint32)");
    SOTTO_ASSIGN(const auto alignment, reader_.number<uint32_t>("general.alignment"));
    if (!std::has_single_bit(alignment) || alignment > kMaxAlignment)
      return key_error(key, "is " + std::to_string(alignment) + ", wanted: a power of two up to 1048576");
    header_.alignment = alignment;
    header_.metadata.set(key, static_cast<int64_t>(alignment));
    return {};
  }

  template <class T>
  Result<MetaValue> read_number() {
    SOTTO_ASSIGN(const T value, reader_.number<T>("a metadata value"));
    if constexpr (std::is_floating_point_v<T>)
      return MetaValue(static_cast<double>(value));
    else if constexpr (std::is_same_v<T, uint64_t>)
      return value <= static_cast<uint64_t>(INT64_MAX) ? MetaValue(static_cast<int64_t>(value)) : MetaValue(value);
    else
      return MetaValue(static_cast<int64_t>(value));
  }

  Result<bool> read_bool(const std::string& key) {
    SOTTO_ASSIGN(const auto value, reader_.number<uint8_t>("a boolean"));
    if (value > 1) return key_error(key, "holds the boolean " + std::to_string(value) + ", wanted: 0 or 1");
    return value == 1;
  }

  Result<MetaValue> read_value(const std::string& key, uint32_t type) {
    switch (static_cast<ValueType>(type)) {
      case ValueType::boolean: {
        SOTTO_ASSIGN(const bool value, read_bool(key));
        return MetaValue(value);
      }
      case ValueType::string: {
        SOTTO_ASSIGN(std::string value, read_string("a metadata string"));
        return MetaValue(std::move(value));
      }
      case ValueType::array:
        return read_array(key);
      default:
        break;
    }
    if (type > kLastValueType) return key_error(key, "has value type " + std::to_string(type) + ", wanted: 0 to 12");
    return as_number(static_cast<ValueType>(type), [&]<class T>() { return read_number<T>(); });
  }

  Result<MetaValue> read_array(const std::string& key) {
    SOTTO_ASSIGN(const auto type, reader_.number<uint32_t>("the type of an array"));
    switch (static_cast<ValueType>(type)) {
      case ValueType::boolean:
        return read_bools(key);
      case ValueType::string:
        return read_strings();
      case ValueType::array:
        return key_error(key, "is an array of arrays, which is not read");
      default:
        break;
    }
    if (type > kLastValueType) return key_error(key, "is an array of value type " + std::to_string(type) + ", wanted: 0 to 12");
    return as_number(static_cast<ValueType>(type), [&]<class T>() { return read_numbers<T>(key); });
  }

  template <class T>
  Result<MetaValue> read_numbers(const std::string& key) {
    using Held = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;
    constexpr size_t kPiece = 4096;
    SOTTO_ASSIGN(size_t left, reader_.count(sizeof(T), "an array's length"));
    if (sizeof(T) == 1 && (n_small_integers_ += left) > kMaxSmallIntegers)
      return key_error(key, "brings the 8-bit array items of the file over " + std::to_string(kMaxSmallIntegers));
    std::vector<Held> values;
    values.reserve(left);
    while (left > 0) {
      const size_t n = std::min(left, kPiece);
      SOTTO_ASSIGN(const auto raw, reader_.bytes(n * sizeof(T), "an array"));
      for (size_t i = 0; i < n; ++i) {
        T value;
        std::memcpy(&value, raw.data() + i * sizeof(T), sizeof(T));
        if constexpr (std::is_same_v<T, uint64_t>)
          if (value > static_cast<uint64_t>(INT64_MAX))
            return key_error(key, "holds " + std::to_string(value) + ", wanted: less than 2^63");
        values.push_back(static_cast<Held>(value));
      }
      left -= n;
    }
    return MetaValue(std::move(values));
  }

  Result<MetaValue> read_bools(const std::string& key) {
    SOTTO_ASSIGN(const size_t n, reader_.count(1, "an array's length"));
    std::vector<bool> values;
    values.reserve(n);
    for (size_t i = 0; i < n; ++i) {
      SOTTO_ASSIGN(const bool value, read_bool(key));
      values.push_back(value);
    }
    return MetaValue(std::move(values));
  }

  Result<MetaValue> read_strings() {
    SOTTO_ASSIGN(const size_t n, reader_.count(sizeof(uint64_t), "an array's length"));
    std::vector<std::string> values;
    values.reserve(n);
    for (size_t i = 0; i < n; ++i) {
      SOTTO_ASSIGN(std::string value, read_string("a string of an array"));
      values.push_back(std::move(value));
    }
    return MetaValue(std::move(values));
  }

  Status read_tensor() {
    TensorEntry tensor;
    SOTTO_ASSIGN(tensor.name, read_string("a tensor's name", kMaxTensorNameBytes));
    if (tensor.name.empty() || tensor.name.find('\0') != tensor.name.npos || !is_utf8(tensor.name))
      return reader_.error("a tensor's name is no text: " + json_quote(tensor.name));
    SOTTO_ASSIGN(const auto rank, reader_.number<uint32_t>("a tensor's rank"));
    if (rank < 1 || rank > kMaxDims)
      return tensor_error(tensor.name, "has " + std::to_string(rank) + " dimensions, wanted: 1 to 4");
    tensor.shape.resize(rank);
    for (uint32_t i = rank; i-- > 0;) {  // the file has the innermost first
      SOTTO_ASSIGN(tensor.shape[i], reader_.number<uint64_t>("a tensor's shape"));
      if (tensor.shape[i] == 0) return tensor_error(tensor.name, "has a dimension of 0");
    }
    SOTTO_ASSIGN(const auto type_id, reader_.number<uint32_t>("a tensor's type"));
    const quant::TypeInfo* type = quant::find_by_gguf_id(type_id);
    if (!type)
      return Error{ErrorCode::unsupported,
                   "the tensor '" + tensor.name + "' has the type number " + std::to_string(type_id) + ", which is not known",
                   tensor.name};
    tensor.type = type->type;
    if (tensor.shape.back() % type->block_size != 0)
      return tensor_error(tensor.name, "has rows of " + std::to_string(tensor.shape.back()) + " numbers, no multiple of the " +
                                           std::to_string(type->block_size) + " in a block of " + std::string(type->name));
    const auto n_bytes = checked_tensor_bytes(tensor.shape, *type);
    if (!n_bytes) return tensor_error(tensor.name, "has a shape whose size does not fit in 63 bits: " + shape_text(tensor.shape));
    tensor.n_bytes = *n_bytes;
    SOTTO_ASSIGN(tensor.offset, reader_.number<uint64_t>("a tensor's offset"));
    if (tensor.offset % header_.alignment != 0)
      return tensor_error(tensor.name, "lies at offset " + std::to_string(tensor.offset) + ", no multiple of the alignment " +
                                           std::to_string(header_.alignment));
    header_.tensors.push_back(std::move(tensor));
    return {};
  }

  Error tensor_error(const std::string& name, const std::string& message) const {
    return {ErrorCode::bad_model, "the tensor '" + name + "' in " + source_.name() + " " + message, name};
  }

  /// Makes offsets absolute and finds tensors that share a name or bytes.
  Status place_tensors() {
    const uint64_t padding = header_.alignment - 1;
    header_.data_offset = (reader_.offset() + padding) & ~padding;
    header_.data_end = header_.data_offset;
    if (const TensorEntry* twice = duplicate_name(header_.tensors)) return tensor_error(twice->name, "occurs twice");
    for (TensorEntry& tensor : header_.tensors) {
      const auto offset = checked_add(tensor.offset, header_.data_offset);
      const auto end = checked_add(offset.value_or(UINT64_MAX), tensor.n_bytes + padding);
      if (!end) return tensor_error(tensor.name, "ends beyond 64 bits");
      tensor.offset = *offset;
    }
    const TensorEntry* before = nullptr;
    for (const uint32_t i : sorted(header_.tensors, lies_before)) {
      const TensorEntry& tensor = header_.tensors[i];
      if (tensor.offset < header_.data_end) return tensor_error(tensor.name, "overlaps the tensor '" + before->name + "'");
      header_.data_end = (tensor.offset + tensor.n_bytes + padding) & ~padding;
      before = &tensor;
    }
    return {};
  }

  const ByteSource& source_;
  ByteReader reader_;
  GgufHeader header_;
  uint64_t n_small_integers_ = 0;
};

}  // namespace

Result<GgufHeader> read_gguf_header(const ByteSource& source) {
  return HeaderReader(source).read();
}

}  // namespace sotto::formats
