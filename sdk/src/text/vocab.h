// Vocab: the pieces of a tokenizer by id and by text. One arena of bytes, one hash index; 262,144 pieces load in some 30 ms.
// Checked once, when made: what the rest of the layer relies on holds for every id below size().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/result.h"
#include "sotto/tokenizer.h"

namespace sotto::text {

/// The numbers are those of tokenizer.ggml.token_type.
enum class PieceType : uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

/// Two hexadecimal digits in "<0x..>", nothing else around them.
std::optional<uint8_t> parse_byte_piece(std::string_view piece) noexcept;

class Vocab {
 public:
  static constexpr size_t kMaxPieces = (size_t{1} << 24) - 1;
  static constexpr size_t kMaxPieceBytes = 2048;  // the longest published ones are 512 blanks

  /// `types`: one per piece. Of equal pieces find() knows the first. Errors: bad_model naming the entry: no piece at all, too many
  /// or too long ones, a byte piece that is not <0xNN>. `where`: what the pieces are called in their file.
  static Result<Vocab> make(std::span<const std::string_view> pieces, std::vector<PieceType> types, const std::string& where);

  size_t size() const noexcept { return types_.size(); }
  bool contains(int64_t id) const noexcept { return id >= 0 && static_cast<uint64_t>(id) < size(); }
  // Precondition: contains(id).
  std::string_view piece(TokenId id) const noexcept {
    const auto i = static_cast<size_t>(id);
    return std::string_view(arena_).substr(starts_[i], starts_[i + 1] - starts_[i]);
  }
  PieceType type(TokenId id) const noexcept { return types_[static_cast<size_t>(id)]; }
  bool is_control(TokenId id) const noexcept { return type(id) == PieceType::control || type(id) == PieceType::unknown; }

  /// A piece that text may become by merging: neither control nor a single byte.
  bool is_plain(TokenId id) const noexcept { return !is_control(id) && type(id) != PieceType::byte; }

  std::optional<TokenId> find(std::string_view piece) const noexcept;
  std::optional<TokenId> find_plain(std::string_view piece) const noexcept;
  /// The piece that stands for a single byte; -1 for none.
  TokenId byte_piece(uint8_t byte) const noexcept { return byte_pieces_[byte]; }

  /// Memory it holds, like bytes() of the other tables of a tokenizer.
  size_t bytes() const noexcept;

 private:
  static constexpr uint32_t kEmptySlot = UINT32_MAX;

  /// The slot of `piece` in index_, or the empty one where it would be, with the 8 bits of its hash that the slot has in front of
  /// the id.
  struct Place {
    size_t slot;
    uint32_t tag;
  };
  Place place_of(std::string_view piece, uint64_t hash) const noexcept;

  std::string arena_;
  std::vector<uint32_t> starts_;  // size() + 1
  std::vector<PieceType> types_;
  std::vector<uint32_t> index_;  // open addressing, a power of two: tag << 24 | id; the tag saves most looks at other pieces
  std::array<TokenId, 256> byte_pieces_{};
};

/// A fast hash of bytes, good enough for open addressing.
uint64_t hash_bytes(std::string_view bytes) noexcept;

}  // namespace sotto::text
