// Finds the end of a message's content among the bytes that come (RFC 9112 6 and 7.1). The bytes
// are passed on as they are; only a chunked response to HTTP/1.0 needs what is in the chunks.
#pragma once

#include "runtime/core/head.hpp"

#include <cstdint>
#include <string_view>

namespace halfclose::runtime {

class Content {
 public:
  Content() = default;
  Content(Framing framing, std::uint64_t length) : framing_(framing), left_(length) {
    if (framing == Framing::length && length == 0) framing_ = Framing::none;
  }

  bool done() const { return framing_ == Framing::none; }
  bool broken() const { return broken_; }
  Framing framing() const { return framing_; }

  /// Takes what belongs to the content. @return how many of `bytes` do
  /// @param data  when given, what the chunks hold is appended: the content without its framing
  std::size_t take(std::string_view bytes, std::string* data = nullptr);

 private:
  enum class At : std::uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_value,
    trailer_lf,
    end_lf
  };
  std::size_t take_chunked(std::string_view bytes, std::string* data);

  Framing framing_ = Framing::none;
  At at_ = At::size;
  bool broken_ = false;
  std::uint16_t line_ = 0;   ///< bytes of the line so far: of a chunk's head, of a trailer field
  std::uint32_t extra_ = 0;  ///< bytes of extensions and trailers so far
  std::uint64_t left_ = 0;
};

}  // namespace halfclose::runtime
