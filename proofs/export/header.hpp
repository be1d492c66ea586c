// Machines as one C++17 header for programs that have none of this project: enumerations, constant
// tables, and a constexpr `step`. It includes <cstdint> and nothing else.
#pragma once

#include "model/machine/table.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::proofs {

/// A timer that outputs of a machine arm and cancel, by their names in the table. The output
/// `close` cancels every timer.
struct HeaderTimer {
  std::string_view arm, cancel, expiry;  ///< `cancel` is empty where nothing cancels it
  std::int64_t ms = -1;                  ///< -1: it never expires
};

/// A machine under one or more settings of its flags. They share states, events and outputs; each
/// has a start of its own: `start`, or `start_retried` when its name is `retried`.
struct HeaderMachine {
  struct Setting {
    machine::Table table;
    std::string name{}, about{};  ///< `about` is one line for whoever includes it
  };
  std::string name;  ///< becomes its namespace: `http1-client` is `http1_client`
  std::vector<Setting> settings;
  std::vector<HeaderTimer> timers{};
};

struct HeaderOptions {
  std::string outer = "halfclose::embed";  ///< the namespace around those of the machines
  std::string from{};                      ///< whose flags the tables have, in words
};

/// `< SYN,ACK` is `recv_syn_ack`, `408` is `_408`: what the header calls a state, event or output.
std::string header_identifier(std::string_view name);

/// @return  the text of one file, complete
/// @errors  std::logic_error when two names of a machine become one identifier, or a timer names
///          what the table does not have; std::length_error past 65535 locals or outputs
/// @cost    text in the size of the tables: some ten bytes a cell
std::string header(const std::vector<HeaderMachine>& machines, const HeaderOptions& options = {});

}  // namespace halfclose::proofs
