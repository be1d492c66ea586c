// What an exported header says, cell by cell, for a test that compares it with the model. Here and
// in the .cpp is C++17, and nothing of the project but the header.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace exported {

struct Cell {
  std::uint16_t next, row;
  std::uint8_t verdict;
  std::vector<std::uint8_t> outputs;
  std::string source;
};

struct Timer {
  std::string arm, cancel, expiry;
  std::int64_t ms;
};

struct Machine {
  std::string profile, name;
  std::uint16_t start;
  Cell (*cell)(std::uint16_t local, std::uint8_t event);
  std::string (*state)(std::uint16_t local);
  std::string (*context)(std::uint16_t local);
  std::string (*event)(std::uint8_t event);
  std::string (*output)(std::uint8_t output);
  std::vector<Timer> timers;
};

/// A machine with two starts is there twice: `proxy-exchange`, `proxy-exchange retried`.
std::vector<Machine> machines();

}  // namespace exported
