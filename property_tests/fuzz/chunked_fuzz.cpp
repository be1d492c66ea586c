// Chunked content ends at the same byte whatever the cuts, and holds what it holds on its own. The
// first two bytes are the seed of the cuts.
#include "property_tests/fuzz/claim.hpp"
#include "runtime/core/content.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

using namespace halfclose::runtime;
using halfclose::fuzz::claim;

namespace {

struct Taken {
  std::size_t bytes = 0;
  bool done = false, broken = false;
  std::string data{};
  bool operator==(const Taken&) const = default;
};

/// @param piece  the most that the next take() gets, given how many there were
template <class Piece> Taken take(std::string_view bytes, Piece piece) {
  Content content(Framing::chunked, 0);
  Taken all;
  for (std::size_t takes = 0; !content.done() && !content.broken() && all.bytes < bytes.size();
       ++takes) {
    const std::string_view some = bytes.substr(all.bytes, piece(takes));
    const std::size_t taken = content.take(some, &all.data);
    claim(taken <= some.size(), "no byte is taken that was not given");
    claim(taken == some.size() || content.done() || content.broken(),
          "bytes are left only behind the end");
    all.bytes += taken;
  }
  all.done = content.done();
  all.broken = content.broken();
  if (all.done) claim(content.take("x") == 0, "nothing is taken behind the end");
  return all;
}

/// A chunk per byte, without extensions and trailers.
std::string in_chunks(std::string_view data) {
  std::string out;
  for (const char c : data)
    out.append("1\r\n").append(1, c).append("\r\n");
  return out.append("0\r\n\r\n");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::uint32_t seed = data[0] * 256u + data[1];
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  const Taken whole = take(bytes, [](std::size_t) { return SIZE_MAX; });
  claim(!(whole.done && whole.broken), "content that is malformed has no end");
  claim(whole.data.size() <= whole.bytes, "content is not longer than its chunks");
  claim(take(bytes, [](std::size_t) { return std::size_t{1}; }) == whole,
        "byte by byte is the same");
  claim(take(bytes,
             [&](std::size_t) {
               seed = seed * 1664525u + 1013904223u;
               return std::size_t{1} + (seed >> 24) % 16;
             }) == whole,
        "any cuts are the same");
  if (whole.done) {
    claim(whole.bytes >= 4 && bytes.substr(whole.bytes - 2, 2) == "\r\n", "the end is a line's");
    const Taken again = take(in_chunks(whole.data), [](std::size_t) { return SIZE_MAX; });
    claim(again.done && again.data == whole.data, "written again it is the same");
  }
  return 0;
}
