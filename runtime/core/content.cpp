#include "runtime/core/content.hpp"

#include <algorithm>

namespace halfclose::runtime {

namespace {

constexpr std::uint16_t kSizeDigitsMax = 15;
constexpr std::uint32_t kExtraMax = 64 * 1024;  // extensions and trailers of one message

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}
bool is_token(char c) {
  const char low = static_cast<char>(c | 0x20);
  return (c >= '0' && c <= '9') || (low >= 'a' && low <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

}  // namespace

std::size_t Content::take(std::string_view bytes, std::string* data) {
  switch (framing_) {
    case Framing::none:
      return 0;
    case Framing::until_close:
      if (data != nullptr) data->append(bytes);
      return bytes.size();
    case Framing::length: {
      const std::size_t taken = std::min<std::uint64_t>(bytes.size(), left_);
      left_ -= taken;
      if (left_ == 0) framing_ = Framing::none;
      if (data != nullptr) data->append(bytes.substr(0, taken));
      return taken;
    }
    case Framing::chunked:
      return take_chunked(bytes, data);
  }
  return 0;
}

std::size_t Content::take_chunked(std::string_view bytes, std::string* data) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    bool fits = true;
    switch (at_) {
      case At::size:
        if (const int digit = hex(c); digit >= 0) {
          fits = ++line_ <= kSizeDigitsMax;
          left_ = left_ << 4 | static_cast<unsigned>(digit);
        } else {
          fits = line_ > 0 && (c == ';' || c == '\r');
          at_ = c == '\r' ? At::size_lf : At::extension;
        }
        break;
      case At::extension:
        if (c == '\r')
          at_ = At::size_lf;
        else
          fits = is_text(c) && ++extra_ <= kExtraMax;
        break;
      case At::size_lf:
        fits = c == '\n';
        line_ = 0;
        at_ = left_ == 0 ? At::trailer : At::data;
        break;
      case At::data: {
        const std::size_t taken = std::min<std::uint64_t>(bytes.size() - i, left_);
        if (data != nullptr) data->append(bytes.substr(i, taken));
        left_ -= taken;
        i += taken - 1;
        if (left_ == 0) at_ = At::data_cr;
        break;
      }
      case At::data_cr:
        fits = c == '\r';
        at_ = At::data_lf;
        break;
      case At::data_lf:
        fits = c == '\n';
        at_ = At::size;
        break;
      case At::trailer:
        // A field line, as in a head: a name, and the colon right behind it.
        if (c == '\r' && line_ == 0) {
          at_ = At::end_lf;
        } else if (c == ':' && line_ > 0) {
          at_ = At::trailer_value;
        } else {
          fits = is_token(c) && ++extra_ <= kExtraMax;
          line_ = 1;
        }
        break;
      case At::trailer_value:
        if (c == '\r')
          at_ = At::trailer_lf;
        else
          fits = is_text(c) && ++extra_ <= kExtraMax;
        break;
      case At::trailer_lf:
        fits = c == '\n';
        line_ = 0;
        at_ = At::trailer;
        break;
      case At::end_lf:
        fits = c == '\n';
        if (fits) framing_ = Framing::none;
        break;
    }
    if (!fits) {
      broken_ = true;
      return i;
    }
    if (framing_ == Framing::none) return i + 1;
  }
  return bytes.size();
}

}  // namespace halfclose::runtime
