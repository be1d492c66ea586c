// Who takes part in a run: the actors of a witness, and the columns of its pictures in the order a
// request travels.
//
// It follows from the settings alone, so a witness need not say it. A column is an application or a
// kernel; the parts of a proxy between its sockets (the server side of each client connection, its
// exchange, the pool, the client side of each upstream connection) share one.
#pragma once

#include "model/deployment/proxy_system.hpp"

#include <string>
#include <variant>
#include <vector>

namespace halfclose::proofs {

/// What a run is a run of.
using Settings = std::variant<deployment::HopSettings, deployment::ProxySettings>;

using ActorId = std::uint8_t;  ///< index into `Cast::actors`
inline constexpr ActorId kNobody = 0xff;
inline constexpr std::size_t kNoColumn = SIZE_MAX;

enum class ActorKind : std::uint8_t { application, kernel, pool, exchange };

struct Actor {
  std::string id;    ///< in JSON: `client-kernel`
  std::string name;  ///< for people: `edge kernel a`
  ActorKind kind = ActorKind::application;
  std::size_t column = 0;
  ActorId partner = kNobody;  ///< of an application its kernel, of a kernel its application
  ActorId far_end = kNobody;  ///< of a kernel the one at the other end of the wire
  /// How the System's choices begin the words of what this actor does, and how its names end.
  std::string choice_prefix{}, name_suffix{};
  /// Which of several, said before its words where a column has more than one: `a`.
  std::string which{};
};

struct Column {
  std::string base;  ///< the node's name
  bool kernel = false;
  std::string tag{};  ///< which of several: ` 1`, ` a`
  std::string name() const { return base + (kernel ? " kernel" : "") + tag; }
};

struct Cast {
  std::vector<Column> columns;
  std::vector<Actor> actors;
  std::vector<ActorId> clients;  ///< the applications that ask
  /// Of a kernel's column that of its application; of any other the column itself.
  std::size_t speaks_in(std::size_t column) const;
  /// The kernel of that column; kNobody for another column.
  ActorId kernel_in(std::size_t column) const;
  /// More than one actor stands in it.
  bool has_parts(std::size_t column) const;
};

Cast cast_of(const Settings& settings);

/// The System of the settings, and who each of its components is.
struct Stage {
  system::System system;
  Cast cast;
  std::vector<ActorId> actor_of;  ///< by component; kNobody for an observer, or what is not shown
  std::vector<bool> observes;     ///< by component
  std::vector<system::Index> component_of;  ///< by actor
};

/// @errors as hop_system, proxy_system
Stage stage_of(const Settings& settings);

inline bool is_hop(const Settings& settings) {
  return std::holds_alternative<deployment::HopSettings>(settings);
}

}  // namespace halfclose::proofs
