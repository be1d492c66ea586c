// The head of an HTTP/1.1 message, read strictly (RFC 9112 2 to 6): what an intermediary needs to
// frame the message, to pass it on, and to know what it says about the connection.
//
// Boost.Beast's basic_parser does the grammar. What it lets through and an intermediary must not
// is refused before and after it: bare CR and LF, folded lines, control characters, lengths that
// are said twice or beside a transfer coding, hosts that are missing or said twice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::runtime {

inline constexpr std::size_t kHeadBytesMax = 64 * 1024;

/// How the end of the content is found (RFC 9112 6.3).
enum class Framing : std::uint8_t { none, length, chunked, until_close };

/// What a field is to an intermediary.
enum class FieldKind : std::uint8_t {
  other,
  connection,
  content_length,
  transfer_encoding,
  host,
  expect,
  hop_by_hop,  ///< another one that is for the next hop only
};

struct Field {
  std::string_view name, value;  ///< into the bytes that were read
  FieldKind kind = FieldKind::other;
};

struct Head {
  std::string_view method, target;  ///< of a request
  unsigned status = 0;              ///< of a response
  std::string_view reason;          ///< of a response
  unsigned minor = 1;               ///< HTTP/1.minor
  Framing framing = Framing::none;
  std::uint64_t length = 0;  ///< bytes, with Framing::length
  bool close = false;        ///< the connection ends behind this message, by its option or version
  bool expects = false;      ///< Expect: 100-continue
  std::vector<Field> fields{};
  std::vector<std::string_view> nominated{};  ///< connection options, `close` among them

  void clear() {
    auto kept = std::move(fields);
    auto options = std::move(nominated);
    *this = {};
    kept.clear();
    options.clear();
    fields = std::move(kept);
    nominated = std::move(options);
  }
};

/// Why a head is refused: a status to answer with, and a phrase for the log.
struct HeadError {
  unsigned status = 0;  ///< 0: none
  const char* why = "";
};

/// The length of the head in `bytes`, its last empty line included, or 0 when there is more to
/// come. @param from  what was looked at before
std::size_t head_end(std::string_view bytes, std::size_t from = 0);

/// @param bytes  one whole head, without empty lines before it. The views of `head` point into it.
HeadError read_request_head(std::string_view bytes, Head& head);
/// @param to_head  the request was a HEAD: no content follows
HeadError read_response_head(std::string_view bytes, bool to_head, Head& head);

/// The request as it goes on: origin-form, one Host, without hop-by-hop fields, with Via; the
/// framing is kept. @param close  says that the connection ends behind it
void write_request_head(const Head& head, bool close, std::string& out);

/// The response as it goes back. @param close  says that the connection ends behind it
/// @param minor    of the request: a client of HTTP/1.0 is told that the connection stays
/// @param chunked  the framing is kept; else a chunked response goes out until the close
void write_response_head(const Head& head, bool close, unsigned minor, bool chunked,
                         std::string& out);

/// A response of the proxy's own, with a line of text as content unless it answers a HEAD.
/// @param minor  as of `write_response_head`
void write_own_response(unsigned status, std::string_view why, bool close, unsigned minor,
                        bool to_head, std::string& out);

std::string_view reason_of(unsigned status);
bool same_word(std::string_view a, std::string_view b);  ///< without case

}  // namespace halfclose::runtime
