// A middlebox that tracks a connection and forgets it when it sees nothing for too long: a
// load balancer, a NAT, a firewall.
//
// It sends nothing by itself. What it has forgotten it drops in both directions, and neither end is
// told. Abstracts from: which rule or table it is; middleboxes that answer with RST; a SYN, which
// would make it remember: here a connection is opened once.
#pragma once

#include "model/machine/machine.hpp"
#include "model/machine/table.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace halfclose::net {

using namespace machine;

// clang-format off
struct Tracking  : State<"tracking">  {};
struct Forgotten : State<"forgotten"> {};

namespace segment {
struct ToServer  : Event<"segment to server">  {};
struct ToClient  : Event<"segment to client">  {};
}
namespace timeout { struct Forget : Event<"middlebox timeout"> {}; }

enum class Out : std::uint8_t { to_server, to_client, arm, drops_to_server, drops_to_client };

struct Context {
  bool kept_alive = false;  ///< probes of an end pass within its timeout, so that it never expires
};

using Outs = Outputs<Out>;

constexpr void see(Context& c, Outs& out) { if (!c.kept_alive) out.append(Out::arm); }

struct Middlebox : Machine<Middlebox, Context, Out> {
  static constexpr std::string_view name = "middlebox";
  static constexpr std::string_view output_names[] = {
    "to server", "to client", "arm forget", "dropped on the way to the server", "dropped on the way to the client"};
  static std::string describe(const Context& context);

  using initial_state = Tracking;
  using transition_table = Rows<
    //  From       On                 If      Do                        To         Source
    Row<Tracking,  segment::ToServer, Always, Do<see, Out::to_server>,  Stay,      Product<"AWS NLB tcp.idle_timeout.seconds, Linux nf_conntrack">>,
    Row<Tracking,  segment::ToClient, Always, Do<see, Out::to_client>,  Stay,      Product<"AWS NLB tcp.idle_timeout.seconds, Linux nf_conntrack">>,
    Row<Tracking,  timeout::Forget,   Always, Nothing,                  Forgotten, Product<"AWS NLB 350 s, Azure 240 s">>,
    Row<Forgotten, segment::ToServer, Always, Do<Out::drops_to_server>, Stay,      Model<"silently">>,
    Row<Forgotten, segment::ToClient, Always, Do<Out::drops_to_client>, Stay,      Model<"silently">>
  >;
};
// clang-format on

const machine::Table& middlebox_table(bool kept_alive = false);
std::unique_ptr<machine::Running> running_middlebox(bool kept_alive = false);

}  // namespace halfclose::net
