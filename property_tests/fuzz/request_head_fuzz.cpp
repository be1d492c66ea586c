// A request head that is accepted goes on with the meaning it had (RFC 9112 2 to 6), to the reader
// of the proxy and to a second one.
#include "property_tests/fuzz/strict_head.hpp"
#include "runtime/core/head.hpp"

#include <cstddef>
#include <cstdint>

using namespace halfclose::runtime;
using halfclose::fuzz::claim;

namespace {

void goes_on(const Head& head, bool close) {
  std::string written;
  write_request_head(head, close, written);
  Head again;
  const HeadError error = read_request_head(written, again);
  claim(error.status == 0, "what was written is accepted");
  claim(again.method == head.method, "the method is kept");
  claim(again.framing == head.framing && again.length == head.length, "the framing is kept");
  claim(again.close == close, "the close option is the one asked for");
  claim(again.minor == 1 && !again.expects, "the message is HTTP/1.1 of our own");

  const auto strict = halfclose::fuzz::read_strictly(written);
  claim(strict.count("host") == 1, "there is one Host");
  claim(strict.chunked == (head.framing == Framing::chunked), "both readers see the coding");
  claim(strict.length.has_value() == (head.framing == Framing::length) &&
            strict.length.value_or(0) == head.length,
        "both readers see the length");
  claim(strict.close == close, "both readers see the close option");
  claim(std::count(strict.start.begin(), strict.start.end(), ' ') == 2,
        "the request line has three parts");
  claim(strict.start.substr(0, head.method.size()) == head.method, "both readers see the method");
  claim(again.target == "*" || again.target.front() == '/', "the target is in origin-form");
  for (const char* name : {"te", "upgrade", "keep-alive", "proxy-connection", "expect"})
    claim(strict.count(name) == 0, "no field for the next hop only goes on");

  std::string twice;
  const std::size_t vias = strict.count("via");
  write_request_head(again, close, twice);
  const auto strict_twice = halfclose::fuzz::read_strictly(twice);
  claim(strict_twice.start == strict.start, "the request line stays as it is");
  claim(strict_twice.count("via") == vias + 1, "each hop adds itself, and drops no other");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t end = head_end(bytes);
  for (std::size_t from = 0; end != 0 && from < end; from += 7)
    claim(head_end(bytes, from) == end || from + 1 > end - 3, "the end is found from anywhere");
  Head head;
  const std::string_view one = std::string_view(bytes).substr(0, end == 0 ? size : end);
  if (read_request_head(one, head).status != 0) return 0;
  claim(end != 0, "only a whole head is accepted");
  goes_on(head, false);
  goes_on(head, true);
  return 0;
}
