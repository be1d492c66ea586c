// Content (runtime/core/content.hpp): its end is found wherever the bytes are cut.
#include "runtime/core/content.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

using namespace halfclose::runtime;

namespace {

struct Taken {
  std::size_t bytes = 0;
  std::string data;
  bool done = false, broken = false;
};
Taken all_of(Content content, std::string_view bytes, std::size_t piece) {
  Taken taken;
  while (!bytes.empty() && !content.done() && !content.broken()) {
    const std::string_view some = bytes.substr(0, piece);
    const std::size_t used = content.take(some, &taken.data);
    taken.bytes += used;
    bytes.remove_prefix(used);
    if (used < some.size()) break;
  }
  taken.done = content.done();
  taken.broken = content.broken();
  return taken;
}
Taken chunked(std::string_view bytes, std::size_t piece = SIZE_MAX) {
  return all_of(Content(Framing::chunked, 0), bytes, piece);
}

}  // namespace

TEST_CASE("runtime content: chunks", "[runtime][rfc9112-7.1]") {
  const std::string text = "5;a=\"b\"\r\nhello\r\nA\r\n0123456789\r\n0\r\nX: y\r\nZ_1:\r\n\r\nGET";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    INFO("in pieces of " << piece);
    const Taken taken = chunked(text, piece);
    CHECK((taken.done && taken.bytes == text.size() - 3));
    CHECK(taken.data == "hello0123456789");
  }
  for (const char* wrong : {"\r\n",
                            "g\r\n",
                            " 5\r\nhello",
                            "5 \r\nhello",
                            "5\nhello",
                            "-5\r\n",
                            "0x5\r\nhello",
                            "5\r\nhelloX",
                            "5\r\nhello\n",
                            "5\r\nhello\rX",
                            "1000000000000000\r\n",
                            "0\r\n folded\r\n\r\n",
                            "0\r\nX: a\nY",
                            "0\r\nX: a\r\n b\r\n\r\n",
                            "0\r\nX : a\r\n\r\n",
                            "0\r\nX Y: a\r\n\r\n",
                            "0\r\n: a\r\n\r\n",
                            "0\r\nX\r\n\r\n",
                            "0\r\nX(: a\r\n\r\n",
                            "0\r\nX: \x01\r\n\r\n"}) {
    INFO(wrong);
    CHECK(chunked(wrong).broken);
    CHECK(chunked(wrong, 1).broken);
  }
  CHECK(chunked("0;" + std::string(70'000, 'x')).broken);
  CHECK(chunked("0\r\nX: " + std::string(70'000, 'x')).broken);
}

TEST_CASE("runtime content: any content", "[runtime]") {
  rc::prop("is the same however it is chunked and cut", [] {
    const auto data = *rc::gen::arbitrary<std::string>();
    std::string text;
    for (std::size_t at = 0; at < data.size();) {
      const auto size =
          std::min<std::size_t>(data.size() - at, *rc::gen::inRange<std::size_t>(1, 40));
      char head[16];
      std::snprintf(head, sizeof head, "%zx\r\n", size);
      text += head + data.substr(at, size) + "\r\n";
      at += size;
    }
    text += "0\r\n\r\n";
    const auto piece = *rc::gen::inRange<std::size_t>(1, text.size() + 1);
    const Taken taken = chunked(text + "more", piece);
    RC_ASSERT((taken.done && !taken.broken));
    RC_ASSERT(taken.bytes == text.size());
    RC_ASSERT(taken.data == data);
    const Taken sized = all_of(Content(Framing::length, data.size()), data + "more", piece);
    RC_ASSERT((sized.done && sized.data == data));
  });
}

TEST_CASE("runtime content: a last line that is broken", "[runtime][rfc9112-7.1]") {
  Content content(Framing::chunked, 0);
  CHECK(content.take("0\r\n\r3") == 4);
  CHECK(content.broken());
  CHECK_FALSE(content.done());
}
