// The lines of a fleet: CSV or JSON, a hop or a chain each.
//
// A chain file's parser reads the first line of each shape (which columns are there, and what they
// say but for durations); the lines after it only have their durations read.
#pragma once

#include "proofs/fleet/fleet_judge.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace halfclose::proofs {

struct FleetEdge {
  std::string client, server;
  FleetJudge::Kind* kind = nullptr;
  Point values;
};

/// What all lines are.
struct FleetHeader {
  std::string file;
  bool json = false;
  std::vector<std::string> columns{};  ///< CSV
};

/// @param line  the first that is not blank
/// @return      what is wrong with it: `file:1: error: ...`, or nothing
std::string read_header(FleetHeader& header, std::string_view line, std::uint64_t number);

/// Of one thread.
class FleetReader {
 public:
  /// @param judge, header  have to outlive this
  FleetReader(FleetJudge& judge, const FleetHeader& header);
  ~FleetReader();

  /// Appends what the line says, if it says anything.
  /// @return what is wrong with it: `file:7: error: ...` and a help, or nothing
  std::string read(std::string_view line, std::uint64_t number, std::vector<FleetEdge>& edges);

 private:
  struct Cell;
  struct Shape;
  struct Wrong;
  void read_cells(const std::vector<Cell>& cells, std::vector<FleetEdge>& edges);
  void read_json(std::string_view line, std::vector<FleetEdge>& edges);
  void read_csv(std::string_view line, std::vector<FleetEdge>& edges);
  const Shape& shape_of(const std::vector<Cell>& cells);
  Shape make_shape(const std::vector<Cell>& cells);
  FleetJudge::Kind* kind_of(const deployment::HopSettings& settings);

  FleetJudge& judge_;
  const FleetHeader& header_;
  std::unordered_map<std::string, Shape> shapes_;
};

}  // namespace halfclose::proofs
