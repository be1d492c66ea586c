#include "runtime/core/head.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace halfclose::runtime {

namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr const char* kUnknownCoding = "unknown transfer coding";
constexpr std::size_t kFieldsMax = 256, kOptionsMax = 32;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

FieldKind kind_of(http::field name) {
  using enum FieldKind;
  switch (name) {
    case http::field::connection:
      return connection;
    case http::field::content_length:
      return content_length;
    case http::field::transfer_encoding:
      return transfer_encoding;
    case http::field::host:
      return host;
    case http::field::expect:
      return expect;
    case http::field::te:
    case http::field::upgrade:
    case http::field::keep_alive:
    case http::field::proxy_connection:
      return hop_by_hop;
    default:
      return other;
  }
}

/// The grammar, by Beast; the fields are kept as views.
template <bool isRequest> class Grammar final : public http::basic_parser<isRequest> {
 public:
  explicit Grammar(Head& head) : head_(head) {
    this->header_limit(kHeadBytesMax);
    this->body_limit(boost::none);
  }

 private:
  using Text = boost::beast::string_view;
  static std::string_view view(Text text) { return {text.data(), text.size()}; }

  void on_request_impl(http::verb, Text method, Text target, int version, error_code&) override {
    head_.method = view(method);
    head_.target = view(target);
    head_.minor = static_cast<unsigned>(version % 10);
  }
  void on_response_impl(int status, Text reason, int version, error_code&) override {
    head_.status = static_cast<unsigned>(status);
    head_.reason = view(reason);
    head_.minor = static_cast<unsigned>(version % 10);
  }
  void on_field_impl(http::field field, Text name, Text value, error_code&) override {
    head_.fields.push_back({view(name), view(value), kind_of(field)});
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(Text text, error_code&) override { return text.size(); }
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text text, error_code&) override {
    return text.size();
  }
  void on_finish_impl(error_code&) override {}

  Head& head_;
};

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
}
/// The first control character that is not before `at`, or the end. Eight bytes are looked at
/// together: most have none.
std::size_t next_control(std::string_view bytes, std::size_t at) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101, kHigh = 0x80 * kOnes;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    const std::uint64_t del = word ^ 0x7f * kOnes;
    if ((((word - ' ' * kOnes) & ~word) | ((del - kOnes) & ~del)) & kHigh) break;
  }
  while (at < bytes.size() && !is_control(bytes[at]))
    ++at;
  return at;
}

/// What the grammar lets through (RFC 9112 2.2, 5.2).
const char* fault_of_lines(std::string_view bytes) {
  for (std::size_t at = 0; (at = next_control(bytes, at)) < bytes.size(); ++at) {
    const char c = bytes[at];
    if (c == '\r') {
      if (at + 1 == bytes.size() || bytes[at + 1] != '\n') return "bare CR";
      ++at;
      if (at + 1 < bytes.size() && (bytes[at + 1] == ' ' || bytes[at + 1] == '\t'))
        return "folded line";
    } else if (c == '\n') {
      return "bare LF";
    } else if (c != '\t') {
      return "control character";
    }
  }
  return nullptr;
}

template <class Use> void each_in_list(std::string_view list, Use use) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t'))
      one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t'))
      one.remove_suffix(1);
    if (!one.empty()) use(one);
  }
}

/// A sender may not take away what frames or routes the message (RFC 9110 7.6.1).
bool is_dropped(const Head& head, const Field& field) {
  switch (field.kind) {
    case FieldKind::connection:
    case FieldKind::hop_by_hop:
      return true;
    case FieldKind::content_length:
    case FieldKind::transfer_encoding:
    case FieldKind::host:
      return false;
    default:
      return std::any_of(head.nominated.begin(), head.nominated.end(),
                         [&](std::string_view one) { return same_word(one, field.name); });
  }
}

/// Field lines, in as few pieces as they are copied from.
class FieldLines {
 public:
  explicit FieldLines(std::string& out) : out_(out) {}
  ~FieldLines() { out_.append(piece_); }
  FieldLines(const FieldLines&) = delete;
  FieldLines& operator=(const FieldLines&) = delete;

  void append(const Field& field) {
    const char *begin = field.name.data(), *value = field.value.data();
    const char* end = value + field.value.size();
    // Most stand in the head as we would write them. Behind a value there is a line's end, or
    // space.
    if (!field.value.empty() && value == begin + field.name.size() + 2 && value[-1] == ' ' &&
        *end == '\r') {
      if (begin != piece_.data() + piece_.size()) {
        out_.append(piece_);
        piece_ = {begin, 0};
      }
      piece_ = {piece_.data(), static_cast<std::size_t>(end + 2 - piece_.data())};
      return;
    }
    out_.append(std::exchange(piece_, {}));
    out_.append(field.name).append(": ").append(field.value).append("\r\n");
  }

 private:
  std::string& out_;
  std::string_view piece_{};
};

/// Framing and connection options, of requests and responses alike.
const char* read_common(Head& head) {
  int lengths = 0, codings = 0;
  bool keep = false;
  for (const Field& field : head.fields) {
    if (field.kind == FieldKind::connection) {
      each_in_list(field.value, [&](std::string_view option) {
        head.nominated.push_back(option);
        head.close |= same_word(option, "close");
        keep |= same_word(option, "keep-alive");
      });
    } else if (field.kind == FieldKind::content_length) {
      const char* end = field.value.data() + field.value.size();
      const auto [last, error] = std::from_chars(field.value.data(), end, head.length);
      if (++lengths > 1) return "Content-Length said twice";
      if (field.value.empty() || error != std::errc() || last != end || head.length >> 62 != 0)
        return "Content-Length is no length";
      head.framing = Framing::length;
    } else if (field.kind == FieldKind::transfer_encoding) {
      if (++codings > 1 || !same_word(field.value, "chunked")) return kUnknownCoding;
    }
  }
  if (head.fields.size() > kFieldsMax) return "too many fields";
  if (head.nominated.size() > kOptionsMax) return "too many connection options";
  if (codings > 0) {
    if (lengths > 0) return "Content-Length beside Transfer-Encoding";
    if (head.minor == 0) return "Transfer-Encoding in HTTP/1.0";
    head.framing = Framing::chunked;
  }
  if (head.minor == 0 && !keep) head.close = true;
  return nullptr;
}

template <bool isRequest> const char* read_lines(std::string_view bytes, Head& head) {
  head.clear();
  if (const char* fault = fault_of_lines(bytes)) return fault;
  Grammar<isRequest> grammar(head);
  error_code error;
  grammar.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != http::error::need_more) return "malformed head";
  if (!grammar.is_header_done()) return "malformed head";
  return read_common(head);
}

/// uri-host [ ":" port ] (RFC 3986 3.2.2), without the comma: a list is no host.
bool is_host(std::string_view text) {
  const auto is_alnum = [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
  };
  const bool literal = !text.empty() && text.front() == '[';
  const std::size_t end = literal ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == text.npos || (literal && end == 1)) return false;
  const std::string_view name = literal ? text.substr(1, end - 1) : text.substr(0, end);
  const std::string_view others = literal ? ".:" : "-._~%!$&'()*+;=";
  if (!std::all_of(name.begin(), name.end(),
                   [&](char c) { return is_alnum(c) || others.find(c) != others.npos; }))
    return false;
  std::string_view port = text.substr(end + (literal ? 1 : 0));
  if (port.empty()) return true;
  if (port.front() != ':') return false;
  port.remove_prefix(1);
  return port.size() <= 5 &&
         std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The authority of `http://authority/path`, and what is left of the target.
bool split_absolute(std::string_view target, std::string_view& authority, std::string_view& path) {
  constexpr std::string_view kScheme = "http://";
  if (!same_word(target.substr(0, kScheme.size()), kScheme)) return false;
  target.remove_prefix(kScheme.size());
  const std::size_t end = std::min(target.find_first_of("/?"), target.size());
  authority = target.substr(0, end);
  path = target.substr(end);
  return !authority.empty() && authority.front() != ':' && is_host(authority);
}

/// What the sender says about the connection, and the end of the head.
void write_option(bool close, unsigned minor, std::string& out) {
  if (close)
    out.append("Connection: close\r\n");
  else if (minor == 0)
    out.append("Connection: keep-alive\r\n");
  out.append("\r\n");
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::size_t head_end(std::string_view bytes, std::size_t from) {
  const std::size_t at = bytes.find("\r\n\r\n", from < 3 ? 0 : from - 3);
  return at == bytes.npos ? 0 : at + 4;
}

HeadError read_request_head(std::string_view bytes, Head& head) {
  if (const char* fault = read_lines<true>(bytes, head)) {
    return {fault == kUnknownCoding ? 501u : 400u, fault};
  }
  if (head.method == "CONNECT") return {501, "CONNECT is not served"};
  int hosts = 0;
  for (const Field& field : head.fields) {
    if (field.kind == FieldKind::host) {
      ++hosts;
      if (!is_host(field.value)) return {400, "malformed Host"};
    } else if (field.kind == FieldKind::expect) {
      if (!same_word(field.value, "100-continue")) return {417, "unknown expectation"};
      head.expects = head.minor > 0;
    }
  }
  if (hosts > 1) return {400, "Host said twice"};
  if (hosts == 0 && head.minor > 0) return {400, "no Host"};
  std::string_view authority, path;
  const bool origin = !head.target.empty() && head.target.front() == '/';
  const bool asterisk = head.target == "*" && head.method == "OPTIONS";
  if (!origin && !asterisk && !split_absolute(head.target, authority, path))
    return {400, "malformed target"};
  return {};
}

HeadError read_response_head(std::string_view bytes, bool to_head, Head& head) {
  if (const char* fault = read_lines<false>(bytes, head)) return {502, fault};
  if (head.status < 100 || head.status > 999) return {502, "malformed status"};
  const bool bare = head.status < 200 || head.status == 204 || head.status == 304;
  if (bare || to_head) {
    if (head.status < 200 || head.status == 204) head.length = 0;
    head.framing = Framing::none;
  } else if (head.framing == Framing::none) {
    head.framing = Framing::until_close;
    head.close = true;
  }
  return {};
}

void write_request_head(const Head& head, bool close, std::string& out) {
  std::string_view authority, path = head.target;
  const bool absolute = split_absolute(head.target, authority, path);
  out.append(head.method).append(" ");
  if (absolute && (path.empty() || path.front() != '/'))
    out.append(path.empty() && head.method == "OPTIONS" ? "*" : "/");
  out.append(path).append(" HTTP/1.1\r\n");
  // The target says better than the field where a request goes (RFC 9112 3.2.2).
  if (absolute) out.append("Host: ").append(authority).append("\r\n");
  bool hosted = absolute;
  {
    FieldLines lines(out);
    for (const Field& field : head.fields) {
      if (is_dropped(head, field) || field.kind == FieldKind::expect) continue;
      if (field.kind == FieldKind::host) {
        if (absolute) continue;
        hosted = true;
      }
      lines.append(field);
    }
  }
  if (!hosted) out.append("Host:\r\n");
  out.append(head.minor == 0 ? "Via: 1.0 halfclose\r\n" : "Via: 1.1 halfclose\r\n");
  out.append(close ? "Connection: close\r\n\r\n" : "\r\n");
}

void write_response_head(const Head& head, bool close, unsigned minor, bool chunked,
                         std::string& out) {
  char status[4] = {static_cast<char>('0' + head.status / 100 % 10),
                    static_cast<char>('0' + head.status / 10 % 10),
                    static_cast<char>('0' + head.status % 10), ' '};
  out.append("HTTP/1.1 ").append(status, 4).append(head.reason).append("\r\n");
  // Neither field may stand in these (RFC 9110 8.6, RFC 9112 6.1); a 304 tells of a 200.
  const bool unframed = head.status < 200 || head.status == 204;
  const bool coded = chunked && minor > 0 && !unframed;
  {
    FieldLines lines(out);
    for (const Field& field : head.fields) {
      if (is_dropped(head, field)) continue;
      if (!coded && field.kind == FieldKind::transfer_encoding) continue;
      if (unframed && field.kind == FieldKind::content_length) continue;
      lines.append(field);
    }
  }
  out.append(head.minor == 0 ? "Via: 1.0 halfclose\r\n" : "Via: 1.1 halfclose\r\n");
  write_option(close, minor, out);
}

void write_own_response(unsigned status, std::string_view why, bool close, unsigned minor,
                        bool to_head, std::string& out) {
  const std::string code = std::to_string(status);
  const std::string_view reason = reason_of(status);
  const std::size_t length =
      code.size() + 1 + reason.size() + (why.empty() ? 0 : 2 + why.size()) + 1;
  out.append("HTTP/1.1 ").append(code).append(" ").append(reason);
  out.append("\r\nContent-Type: text/plain\r\nContent-Length: ").append(std::to_string(length));
  out.append("\r\n");
  write_option(close, minor, out);
  if (to_head) return;
  out.append(code).append(" ").append(reason);
  if (!why.empty()) out.append(": ").append(why);
  out.append("\n");
}

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Error";
  }
}

}  // namespace halfclose::runtime
