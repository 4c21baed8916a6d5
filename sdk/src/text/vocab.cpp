#include "text/vocab.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sotto::text {

uint64_t hash_bytes(std::string_view bytes) noexcept {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15u;
  const auto mix = [](uint64_t x) {
    x *= kMultiplier;
    return x ^ (x >> 32);
  };
  uint64_t hash = bytes.size() * kMultiplier;
  while (bytes.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    hash = mix(hash ^ word);
    bytes.remove_prefix(8);
  }
  // Seven bytes at most, in loads that overlap.
  uint64_t tail = 0;
  if (bytes.size() >= 4) {
    uint32_t first, last;
    std::memcpy(&first, bytes.data(), 4);
    std::memcpy(&last, bytes.data() + bytes.size() - 4, 4);
    tail = uint64_t{last} << 32 | first;
  } else if (!bytes.empty()) {
    const auto byte = [&](size_t i) { return uint64_t{static_cast<unsigned char>(bytes[i])}; };
    tail = byte(0) | byte(bytes.size() / 2) << 8 | byte(bytes.size() - 1) << 16;
  }
  return mix(mix(hash ^ tail));
}

std::optional<uint8_t> parse_byte_piece(std::string_view piece) noexcept {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return std::nullopt;
  unsigned value = 0;
  for (const char c : piece.substr(3, 2)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return static_cast<uint8_t>(value);
}

Result<Vocab> Vocab::make(std::span<const std::string_view> pieces, std::vector<PieceType> types, const std::string& where) {
  if (pieces.empty()) return Error{ErrorCode::bad_model, "the vocabulary has no pieces", where};
  if (pieces.size() > kMaxPieces)
    return Error{
        ErrorCode::bad_model,
        "the vocabulary has " + std::to_string(pieces.size()) + " pieces, at most " + std::to_string(kMaxPieces) + " are possible",
        where};
  if (types.size() != pieces.size())
    return Error{ErrorCode::bad_model,
                 "there are " + std::to_string(types.size()) + " types for " + std::to_string(pieces.size()) + " pieces", where};
  uint64_t bytes = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].size() > kMaxPieceBytes)
      return Error{
          ErrorCode::bad_model,
          "a piece has " + std::to_string(pieces[i].size()) + " bytes, at most " + std::to_string(kMaxPieceBytes) + " are possible",
          where + "[" + std::to_string(i) + "]"};
    bytes += pieces[i].size();
  }
  if (bytes > UINT32_MAX) return Error{ErrorCode::bad_model, "the pieces are longer than 4 GiB together", where};

  Vocab vocab;
  vocab.types_ = std::move(types);
  vocab.arena_.reserve(static_cast<size_t>(bytes));
  vocab.starts_.reserve(pieces.size() + 1);
  for (const std::string_view piece : pieces) {
    vocab.starts_.push_back(static_cast<uint32_t>(vocab.arena_.size()));
    vocab.arena_.append(piece);
  }
  vocab.starts_.push_back(static_cast<uint32_t>(vocab.arena_.size()));
  vocab.index_.assign(std::bit_ceil(pieces.size() + pieces.size() / 2 + 2), kEmptySlot);
  vocab.byte_pieces_.fill(-1);
  constexpr size_t kAhead = 16;  // slots that are fetched while earlier ones are filled
  std::array<uint64_t, kAhead> hashes;
  const auto fetch = [&](size_t i) {
    if (i >= pieces.size()) return;
    hashes[i % kAhead] = hash_bytes(pieces[i]);
    __builtin_prefetch(&vocab.index_[hashes[i % kAhead] & (vocab.index_.size() - 1)], 1);
  };
  for (size_t i = 0; i < kAhead; ++i) fetch(i);
  for (size_t i = 0; i < pieces.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const uint64_t hash = hashes[i % kAhead];
    fetch(i + kAhead);
    if (vocab.types_[i] == PieceType::byte) {
      const auto byte = parse_byte_piece(pieces[i]);
      if (!byte)
        return Error{ErrorCode::bad_model, "a piece of type byte must be <0xNN> with two hexadecimal digits",
                     where + "[" + std::to_string(i) + "]"};
      if (vocab.byte_pieces_[*byte] < 0) vocab.byte_pieces_[*byte] = id;
    }
    if (pieces[i].empty()) continue;
    const Place place = vocab.place_of(pieces[i], hash);
    if (vocab.index_[place.slot] == kEmptySlot) vocab.index_[place.slot] = place.tag << 24 | static_cast<uint32_t>(i);
  }
  return vocab;
}

size_t Vocab::bytes() const noexcept {
  return arena_.capacity() + types_.capacity() + (starts_.capacity() + index_.capacity()) * sizeof(uint32_t);
}

Vocab::Place Vocab::place_of(std::string_view text, uint64_t hash) const noexcept {
  const size_t mask = index_.size() - 1;
  const auto tag = static_cast<uint32_t>(hash >> 56);
  size_t slot = hash & mask;
  while (index_[slot] != kEmptySlot &&
         (index_[slot] >> 24 != tag || piece(static_cast<TokenId>(index_[slot] & kMaxPieces)) != text))
    slot = (slot + 1) & mask;
  return {slot, tag};
}

std::optional<TokenId> Vocab::find(std::string_view text) const noexcept {
  const uint32_t entry = index_[place_of(text, hash_bytes(text)).slot];
  return entry == kEmptySlot ? std::nullopt : std::optional(static_cast<TokenId>(entry & kMaxPieces));
}

std::optional<TokenId> Vocab::find_plain(std::string_view text) const noexcept {
  const auto id = find(text);
  return id && is_plain(*id) ? id : std::nullopt;
}

}  // namespace sotto::text
