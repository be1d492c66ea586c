// A response head that is accepted goes back with the meaning it had (RFC 9112 2 to 6), to the
// reader of the proxy and to a second one. The first byte chooses how it is asked for.
#include "property_tests/fuzz/strict_head.hpp"
#include "runtime/core/head.hpp"

#include <cstddef>
#include <cstdint>

using namespace halfclose::runtime;
using halfclose::fuzz::claim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool to_head = (data[0] & 1) != 0, close = (data[0] & 2) != 0;
  const unsigned minor = (data[0] & 4) != 0 ? 0 : 1;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t end = head_end(bytes);
  Head head;
  const std::string_view one = std::string_view(bytes).substr(0, end == 0 ? bytes.size() : end);
  if (read_response_head(one, to_head, head).status != 0) return 0;
  claim(end != 0, "only a whole head is accepted");

  // As the proxy does: only a client of HTTP/1.1 gets the chunks, and content without a length
  // ends with the connection.
  const bool unchunks = head.framing == Framing::chunked && minor == 0;
  const bool to_close = close || unchunks || head.framing == Framing::until_close;
  std::string written;
  write_response_head(head, to_close, minor, !unchunks, written);
  Head again;
  const HeadError error = read_response_head(written, to_head, again);
  claim(error.status == 0, "what was written is accepted");
  claim(again.status == head.status && again.reason == head.reason, "the status is kept");
  claim(again.framing == (unchunks ? Framing::until_close : head.framing), "the framing is kept");
  claim(again.length == head.length, "the length is kept");
  claim(again.close == to_close, "the close option is the one asked for");

  const auto strict = halfclose::fuzz::read_strictly(written);
  if (head.framing == Framing::length)
    claim(strict.length == head.length, "both readers see the length");
  if (again.framing == Framing::until_close)
    claim(!strict.length && !strict.chunked, "both readers see content that ends with the close");
  claim(head.framing != Framing::chunked || strict.chunked == !unchunks,
        "both readers see the coding");
  if (head.status < 200 || head.status == 204)
    claim(!strict.length && !strict.chunked, "what has no content is not framed");
  claim(strict.close == to_close, "both readers see the close option");
  for (const char* name : {"te", "upgrade", "keep-alive", "proxy-connection"})
    claim(strict.count(name) == 0, "no field for the next hop only goes on");
  return 0;
}
