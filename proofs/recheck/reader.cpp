#include "proofs/recheck/certificate.hpp"

#include <algorithm>
#include <array>

namespace halfclose::recheck {

namespace {

constexpr std::string_view kMagic = "halfclose certificate\n";
constexpr std::uint32_t kVersion = 1;

/// CRC-32 of IEEE 802.3, bit by bit into a table.
std::uint32_t crc32(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      made[i] = i;
      for (int bit = 0; bit < 8; ++bit)
        made[i] = made[i] >> 1 ^ (made[i] & 1 ? 0xedb88320u : 0);
    }
    return made;
  }();
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes)
    crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  Certificate read() {
    if (bytes_.substr(0, kMagic.size()) != kMagic) fail("this is no halfclose certificate");
    at_ = kMagic.size();
    const auto version = number<std::uint32_t>();
    if (version != kVersion)
      fail("version " + std::to_string(version) + ", and this program reads version 1", 4);
    made_.title = text();
    many(number<std::uint8_t>(), [&] { made_.messages.push_back(text()); });
    if (made_.messages.size() > 64) fail("more than 64 messages");
    made_.urgent = number<std::uint64_t>();
    many(number<std::uint8_t>(), [&] { component(); });
    many(number<std::uint8_t>(), [&] { queue(); });
    many(number<std::uint8_t>(), [&] { timer(); });
    many(number<std::uint8_t>(), [&] { choice(); });
    many(number<std::uint8_t>(), [&] { lane(); });
    check_lanes();
    many(number<std::uint16_t>(), [&] {
      Component& component = made_.components[component_index()];
      Actions& bound = component.bindings[below(component.outputs.size(), "output")];
      if (!bound.empty()) fail("a second binding of the same output", 1);
      bound = actions();
    });
    many(number<std::uint16_t>(), [&] {
      Queue& queue = made_.queues[below(made_.queues.size(), "queue")];
      Actions& delivered = queue.deliveries[below(made_.messages.size(), "message")];
      if (!delivered.empty()) fail("a second delivery of the same message", 1);
      delivered = actions();
    });
    many(number<std::uint16_t>(), [&] {
      Component& component = made_.components[component_index()];
      component.bad[below(component.outputs.size(), "output")] = true;
    });
    made_.system_mark = crc32(bytes_.substr(0, at_));
    states();
    const std::size_t end = at_;
    if (number<std::uint32_t>() != crc32(bytes_.substr(0, end)))
      fail("the checksum does not fit: the file was changed or damaged", 4);
    if (at_ != bytes_.size()) fail("the certificate ends here, the file does not");
    return std::move(made_);
  }

 private:
  [[noreturn]] void fail(const std::string& what, std::size_t back = 0) const {
    throw Unreadable(at_ - back, what);
  }
  std::string_view take(std::size_t count) {
    if (count > bytes_.size() - at_) {
      at_ = bytes_.size();
      fail("the file ends too early");
    }
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  template <class T> T number() {
    std::uint64_t value = 0;
    const std::string_view raw = take(sizeof(T));
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value |= std::uint64_t{static_cast<unsigned char>(raw[i])} << 8 * i;
    return static_cast<T>(value);
  }
  std::string text() { return std::string(take(number<std::uint16_t>())); }
  bool flag() {
    const auto value = number<std::uint8_t>();
    if (value > 1) fail("neither 0 nor 1", 1);
    return value == 1;
  }
  template <class Read> void many(std::size_t count, Read read) {
    for (std::size_t i = 0; i < count; ++i)
      read();
  }
  std::uint8_t below(std::size_t count, const char* what) {
    const auto value = number<std::uint8_t>();
    if (value >= count) fail("no " + std::string(what) + " " + std::to_string(value), 1);
    return value;
  }
  std::uint8_t component_index() { return below(made_.components.size(), "component"); }
  std::uint16_t local_of(const Component& component) {
    const auto value = number<std::uint16_t>();
    if (value >= component.row_of.size())
      fail("no local " + std::to_string(value) + " of " + component.name, 2);
    return value;
  }
  std::uint8_t event_of(std::uint8_t component) {
    return below(made_.components[component].events.size(), "event");
  }

  void component() {
    made_.components.emplace_back();
    Component& made = made_.components.back();
    made.name = text();
    made.lane = number<std::uint8_t>();
    made.row_of.assign(number<std::uint16_t>(), -1);
    made.initial = local_of(made);
    many(number<std::uint8_t>(), [&] { made.events.push_back(text()); });
    many(number<std::uint8_t>(), [&] { made.outputs.push_back(text()); });
    made.bindings.resize(made.outputs.size());
    made.bad.assign(made.outputs.size(), false);
    many(number<std::uint16_t>(), [&] {
      made.lists.emplace_back();
      many(number<std::uint8_t>(),
           [&] { made.lists.back().push_back(below(made.outputs.size(), "output")); });
    });
    many(number<std::uint16_t>(), [&] {
      std::int32_t& row_of = made.row_of[local_of(made)];
      if (row_of >= 0) fail("a second row for the same local", 2);
      row_of = static_cast<std::int32_t>(made.rows.size());
      Row row{text(), {}};
      many(made.events.size(), [&] {
        Cell cell{.taken = flag()};
        if (cell.taken) {
          cell.next = local_of(made);
          cell.outputs = number<std::uint16_t>();
          if (cell.outputs >= made.lists.size()) fail("no such list of outputs", 2);
        }
        row.cells.push_back(cell);
      });
      made.rows.push_back(std::move(row));
    });
  }
  void queue() {
    Queue made;
    made.name = text();
    made.receive = flag();
    made.alerts = flag();
    made.capacity = number<std::uint8_t>();
    if (made.capacity > 0x7f) fail("a queue of more than 127", 1);
    made.lane = number<std::uint8_t>();
    made.deliveries.resize(made_.messages.size());
    made_.queues.push_back(std::move(made));
  }
  std::uint8_t queue_or_none() {
    const auto value = number<std::uint8_t>();
    if (value != kNone && value >= made_.queues.size()) fail("no such queue", 1);
    return value;
  }
  void timer() {
    Timer made;
    made.name = text();
    made.owner = component_index();
    made.event = event_of(made.owner);
    made.yields_to = queue_or_none();
    made.off = flag();
    made_.timers.push_back(std::move(made));
  }
  void choice() {
    Choice made;
    made.name = text();
    made.component = component_index();
    made.event = event_of(made.component);
    made_.choices.push_back(std::move(made));
  }
  void lane() {
    made_.lanes.emplace_back();
    Lane& made = made_.lanes.back();
    made.name = text();
    many(number<std::uint8_t>(), [&] {
      made.over_in.emplace_back(component_index(), 0);
      auto& [component, locals] = made.over_in.back();
      many(number<std::uint16_t>(),
           [&] { locals.push_back(local_of(made_.components[component])); });
    });
    made.on_renewed = actions();
  }
  void check_lanes() const {
    if (made_.lanes.empty()) return;
    auto check = [&](std::uint8_t lane) {
      if (lane >= made_.lanes.size()) fail("a component or queue is in no lane");
    };
    for (const Component& component : made_.components)
      check(component.lane);
    for (const Queue& queue : made_.queues)
      check(queue.lane);
  }
  Actions actions() {
    Actions all;
    many(number<std::uint16_t>(), [&] { all.push_back(action()); });
    return all;
  }
  Action action() {
    Action made;
    made.what = static_cast<Do>(below(8, "kind of action"));
    switch (made.what) {
      case Do::raise:
        made.target = component_index();
        break;
      case Do::arm:
      case Do::cancel:
        made.target = below(made_.timers.size(), "timer");
        break;
      case Do::age:
        number<std::uint8_t>();
        break;
      default:
        made.target = below(made_.queues.size(), "queue");
    }
    auto event = [&] {
      return made.what == Do::raise ? event_of(made.target) : number<std::uint8_t>();
    };
    made.event = event();
    made.payload = number<std::uint8_t>();
    if (made.payload != kNone && made.payload >= made_.messages.size()) fail("no such message", 1);
    made.only_payloads = number<std::uint64_t>();
    made.only_during = number<std::int16_t>();
    made.more_in = queue_or_none();
    made.event_if_more = event();
    return made;
  }
  void states() {
    made_.width = number<std::uint32_t>();
    std::size_t width = 2 * made_.components.size() + (made_.timers.size() + 7) / 8;
    for (const Queue& queue : made_.queues)
      width += 1u + queue.capacity;
    if (made_.width != width || width == 0)
      fail("states of " + std::to_string(made_.width) + " bytes, where this system needs " +
               std::to_string(width),
           4);
    const auto count = number<std::uint64_t>();
    if (count > (bytes_.size() - at_) / width) fail("more states than the file has room for", 8);
    made_.count = static_cast<std::size_t>(count);
    made_.states = take(made_.count * width);
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  Certificate made_;
};

}  // namespace

Certificate read(std::string_view bytes) {
  return Reader(bytes).read();
}

}  // namespace halfclose::recheck
