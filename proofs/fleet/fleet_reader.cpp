#include "proofs/fleet/fleet_reader.hpp"

#include "model/deployment/chain.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <set>

namespace halfclose::proofs {

using deployment::HopSettings;
using deployment::kOff;
using Json = nlohmann::json;
using system::Time;

struct FleetReader::Wrong {
  std::string rule, help{};
};

/// A column and what a line has there.
struct FleetReader::Cell {
  std::string column, text;
};

/// What lines with the same columns, and the same words in them, have in common.
struct FleetReader::Shape {
  FleetJudge::Kind* kind = nullptr;
  Point base;  ///< of the first line
  struct Place {
    std::size_t cell = 0;
    std::optional<std::size_t> parameter, second{};  ///< second: the longest delay
  };
  std::vector<Place> places;
  std::vector<std::size_t> verbatim;  ///< durations that are no parameter: what they say counts
};

namespace {

constexpr std::size_t kLineMax = 1 << 20, kShapesMax = 10'000;

const std::vector<std::string_view>& columns() {
  static const std::vector<std::string_view> all = [] {
    // Never freed: the views have to stay.
    static std::set<std::string> names{"client",
                                       "client_profile",
                                       "server",
                                       "server_profile",
                                       "link.delay",
                                       "link.middlebox_timeout",
                                       "requests.with_body",
                                       "requests.responses_fit",
                                       "requests.content_within"};
    for (const deployment::Key& key : deployment::client_keys())
      names.insert("upstream." + std::string(key.name));
    for (const deployment::Key& key : deployment::server_keys())
      names.insert("downstream." + std::string(key.name));
    return std::vector<std::string_view>(names.begin(), names.end());
  }();
  return all;
}

bool is_duration(std::string_view column) {
  static const std::set<std::string, std::less<>> durations = [] {
    std::set<std::string, std::less<>> names{"link.delay", "link.middlebox_timeout",
                                             "requests.content_within"};
    auto add = [&](const std::string& prefix, const std::vector<deployment::Key>& keys) {
      for (const deployment::Key& key : keys) {
        if (key.kind == deployment::KeyKind::duration ||
            key.kind == deployment::KeyKind::duration_or_off)
          names.insert(prefix + std::string(key.name));
      }
    };
    add("upstream.", deployment::client_keys());
    add("downstream.", deployment::server_keys());
    return names;
  }();
  return durations.contains(column);
}

bool is_ignored(std::string_view column) {
  return column.starts_with("x-");
}

/// The fields of a line of CSV (RFC 4180, without line breaks in quotes). Nothing: a quote is open.
std::optional<std::vector<std::string>> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += '"';
      ++i;
    } else if (c == '"' && (quoted || fields.back().empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  return fields;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string unknown_column(const std::string& column, std::string& help) {
  const std::string near = deployment::nearest(column, columns());
  help = near.empty() ? "docs/reference/fleet.md has the columns; one that begins with `x-` is "
                        "left alone"
                      : "did you mean `" + near + "`?";
  return "there is no column `" + column + "`";
}
bool is_column(std::string_view name) {
  return std::binary_search(columns().begin(), columns().end(), name);
}

std::string error_at(const std::string& file, std::uint64_t number, const std::string& rule,
                     const std::string& help) {
  return file + ":" + std::to_string(number) + ": error: " + rule +
         (help.empty() ? "" : "\nhelp: " + help);
}

/// `[a, b]` is a list.
Json value_of(const std::string& text) {
  if (!text.starts_with('[') || !text.ends_with(']')) return text;
  Json list = Json::array();
  std::string_view rest(text);
  rest = rest.substr(1, rest.size() - 2);
  while (!trimmed(rest).empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    list.push_back(std::string(trimmed(rest.substr(0, comma))));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return list;
}

/// `retry.on` is `on` of `retry`.
void put(Json& block, std::string_view key, const std::string& text) {
  const std::size_t dot = key.find('.');
  if (dot == std::string_view::npos)
    block[std::string(key)] = value_of(text);
  else
    put(block[std::string(key.substr(0, dot))], key.substr(dot + 1), text);
}

}  // namespace

std::string read_header(FleetHeader& header, std::string_view line, std::uint64_t number) {
  auto wrong = [&](const std::string& rule, const std::string& help) {
    return error_at(header.file, number, rule, help);
  };
  if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  line = trimmed(line);
  header.json = line.starts_with('{');
  if (header.json) return {};
  const auto fields = fields_of(line);
  if (!fields) return wrong("a quote is not closed on its line", {});
  std::set<std::string> seen;
  for (const std::string& field : *fields) {
    std::string column(trimmed(field));
    std::string help;
    if (!is_column(column) && !is_ignored(column)) {
      const std::string rule = unknown_column(column, help);
      return wrong(rule, help);
    }
    if (!seen.insert(column).second) return wrong("two columns are called `" + column + "`", {});
    header.columns.push_back(std::move(column));
  }
  for (const char* needed : {"client", "client_profile", "server", "server_profile"}) {
    if (!seen.contains(needed))
      return wrong("there is no column `" + std::string(needed) + "`",
                   "begin with `client,client_profile,server,server_profile`");
  }
  return {};
}

FleetReader::FleetReader(FleetJudge& judge, const FleetHeader& header)
    : judge_(judge), header_(header) {}
FleetReader::~FleetReader() = default;

std::string FleetReader::read(std::string_view line, std::uint64_t number,
                              std::vector<FleetEdge>& edges) {
  const std::size_t before = edges.size();
  try {
    if (line.size() > kLineMax) throw Wrong{"a line has at most 1 MiB"};
    if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (trimmed(line).empty()) return {};
    if (header_.json)
      read_json(line, edges);
    else
      read_csv(line, edges);
    return {};
  } catch (const Wrong& wrong) {
    edges.resize(before);
    return error_at(header_.file, number, wrong.rule, wrong.help);
  }
}

void FleetReader::read_csv(std::string_view line, std::vector<FleetEdge>& edges) {
  const auto fields = fields_of(line);
  if (!fields) throw Wrong{"a quote is not closed on its line"};
  if (fields->size() != header_.columns.size())
    throw Wrong{"the header has " + std::to_string(header_.columns.size()) +
                " columns, this line has " + std::to_string(fields->size())};
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < fields->size(); ++i) {
    const std::string_view text = trimmed((*fields)[i]);
    if (!text.empty() && !is_ignored(header_.columns[i]))
      cells.push_back({header_.columns[i], std::string(text)});
  }
  read_cells(cells, edges);
}

void FleetReader::read_json(std::string_view line, std::vector<FleetEdge>& edges) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object())
    throw Wrong{"a line is a JSON object",
                "with the members `client`, `client_profile`, ... or "
                "the member `chain`"};
  if (json.contains("chain")) {
    const deployment::LoadedChain loaded = deployment::parse_chain(json.dump(), header_.file);
    if (!loaded.chain) throw Wrong{loaded.error.rule, loaded.error.help};
    for (std::size_t hop = 0; hop + 1 < loaded.chain->nodes.size(); ++hop) {
      const HopSettings settings = hop_settings(*loaded.chain, hop);
      FleetEdge edge{settings.client.name, settings.server.name, kind_of(settings), {}};
      for (const HopParameter& parameter : FleetJudge::parameters(*edge.kind))
        edge.values.push_back(parameter.value(settings));
      edges.push_back(std::move(edge));
    }
    return;
  }
  std::vector<Cell> cells;
  auto add = [&](auto&& self, const std::string& prefix, const Json& members) -> void {
    for (const auto& [name, value] : members.items()) {
      const std::string column = prefix + name;
      if (is_ignored(column)) continue;
      if (value.is_object()) {
        self(self, column + ".", value);
        continue;
      }
      std::string help;
      if (!is_column(column)) {
        std::string rule = unknown_column(column, help);
        throw Wrong{std::move(rule), std::move(help)};
      }
      std::string text;
      if (value.is_array()) {
        for (const Json& one : value) {
          if (!one.is_string()) throw Wrong{"`" + column + "` is a list of words"};
          text += (text.empty() ? "[" : ", ") + one.template get<std::string>();
        }
        text = text.empty() ? "[]" : text + "]";
      } else {
        text = value.is_string() ? value.template get<std::string>() : value.dump();
      }
      if (!value.is_null()) cells.push_back({column, std::move(text)});
    }
  };
  add(add, "", json);
  read_cells(cells, edges);
}

FleetJudge::Kind* FleetReader::kind_of(const HopSettings& settings) {
  FleetJudge::Kind* kind = judge_.kind_of(settings);
  if (kind == nullptr)
    throw Wrong{"there are more kinds of hops than " + std::to_string(FleetLimits{}.kinds) +
                    ": profiles and words that differ",
                "split the file"};
  return kind;
}

const FleetReader::Shape& FleetReader::shape_of(const std::vector<Cell>& cells) {
  std::string key;
  for (const Cell& cell : cells) {
    if (cell.column == "client" || cell.column == "server") continue;
    key += cell.column;
    key += '\n';
    key += is_duration(cell.column) && cell.text != "off" ? "#" : cell.text;
    key += '\n';
  }
  auto found = shapes_.find(key);
  if (found != shapes_.end() && !found->second.verbatim.empty()) {
    for (const std::size_t cell : found->second.verbatim)
      key += cells[cell].text + "\n";
    found = shapes_.find(key);
  }
  if (found != shapes_.end()) return found->second;
  if (shapes_.size() >= kShapesMax) shapes_.clear();
  Shape shape = make_shape(cells);
  if (shape.verbatim.empty() || shapes_.contains(key))
    return shapes_.insert_or_assign(std::move(key), std::move(shape)).first->second;
  // Twice: as it is met by columns, and as it is met by what they say.
  std::string full = key;
  for (const std::size_t cell : shape.verbatim)
    full += cells[cell].text + "\n";
  shapes_.insert_or_assign(std::move(key), shape);
  return shapes_.insert_or_assign(std::move(full), std::move(shape)).first->second;
}

FleetReader::Shape FleetReader::make_shape(const std::vector<Cell>& cells) {
  Json client{{"name", "client"}}, server{{"name", "server"}}, link, requests;
  for (const Cell& cell : cells) {
    const std::string_view column = cell.column;
    const std::size_t dot = column.find('.');
    const std::string_view key = column.substr(dot == std::string_view::npos ? 0 : dot + 1);
    if (column == "client_profile")
      client["profile"] = cell.text;
    else if (column == "server_profile")
      server["profile"] = cell.text;
    else if (column.starts_with("upstream."))
      put(client["upstream"], key, cell.text);
    else if (column.starts_with("downstream."))
      put(server["downstream"], key, cell.text);
    else if (column.starts_with("link."))
      put(link, key, cell.text);
    else if (column.starts_with("requests."))
      put(requests, key, cell.text);
  }
  Json chain{{"chain", {client}}};
  if (!link.is_null()) chain["chain"].push_back({{"link", link}});
  chain["chain"].push_back(server);
  if (!requests.is_null()) chain["requests"] = requests;
  const deployment::LoadedChain loaded = deployment::parse_chain(
      chain.dump(-1, ' ', false, Json::error_handler_t::replace), header_.file);
  if (!loaded.chain) throw Wrong{loaded.error.rule, loaded.error.help};
  const HopSettings settings = hop_settings(*loaded.chain, 0);

  Shape shape{.kind = kind_of(settings), .base = {}, .places = {}, .verbatim = {}};
  const std::vector<HopParameter>& parameters = FleetJudge::parameters(*shape.kind);
  auto find = [&](const std::string& name) -> std::optional<std::size_t> {
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      if (parameters[p].name == name) return p;
    }
    return std::nullopt;
  };
  for (const HopParameter& parameter : parameters)
    shape.base.push_back(parameter.value(settings));
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const std::string& column = cells[c].column;
    if (!is_duration(column) || cells[c].text == "off") continue;
    Shape::Place place{.cell = c, .parameter = {}};
    if (column == "link.delay") {
      place.parameter = find("{client}->{server}.delay.min");
      place.second = find("{client}->{server}.delay.max");
    } else if (column.starts_with("upstream.")) {
      place.parameter = find("{client}." + column);
    } else if (column.starts_with("downstream.")) {
      place.parameter = find("{server}." + column);
    } else if (column.starts_with("link.")) {
      place.parameter = find("{client}->{server}." + column.substr(5));
    } else {
      place.parameter = find(column);
    }
    if (place.parameter)
      shape.places.push_back(place);
    else
      shape.verbatim.push_back(c);
  }
  return shape;
}

void FleetReader::read_cells(const std::vector<Cell>& cells, std::vector<FleetEdge>& edges) {
  FleetEdge edge;
  for (const Cell& cell : cells) {
    if (cell.column == "client") edge.client = cell.text;
    if (cell.column == "server") edge.server = cell.text;
  }
  for (const char* needed : {"client", "client_profile", "server", "server_profile"}) {
    if (std::none_of(cells.begin(), cells.end(),
                     [&](const Cell& cell) { return cell.column == needed; }))
      throw Wrong{"`" + std::string(needed) + "` is missing",
                  std::string(needed).ends_with("profile")
                      ? "`rfc9112` is the profile of the bare standard"
                      : "name both ends of the hop"};
  }
  const Shape& shape = shape_of(cells);
  edge.kind = shape.kind;
  edge.values = shape.base;
  for (const Shape::Place& place : shape.places) {
    const Cell& cell = cells[place.cell];
    if (place.second) {
      const auto interval = deployment::parse_interval(cell.text);
      if (!interval.value)
        throw Wrong{
            "`" + cell.column + "` is broken: " + interval.rule + "; found `" + cell.text + "`",
            "write for example `0.2ms..2ms`"};
      edge.values[*place.parameter] = interval.value->first;
      edge.values[*place.second] = interval.value->second;
      continue;
    }
    const auto duration = deployment::parse_duration(cell.text);
    if (!duration.value || *duration.value >= kOff)
      throw Wrong{"`" + cell.column + "` " +
                      (duration.rule.empty() ? "is a duration" : duration.rule) + "; found `" +
                      cell.text + "`",
                  "write for example `60s`"};
    edge.values[*place.parameter] = *duration.value;
  }
  edges.push_back(std::move(edge));
}

}  // namespace halfclose::proofs
