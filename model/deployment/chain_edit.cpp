#include "model/deployment/chain_edit.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

namespace halfclose::deployment {

namespace {

/// What replaces `length` bytes at `at`.
struct Patch {
  std::size_t at = 0, length = 0;
  std::string text;
};

/// Where in the text a mark is: yaml-cpp counts a line's bytes, but not those of a byte order mark.
std::size_t offset_of(std::string_view text, const YAML::Mark& mark) {
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (int line = 0; line < mark.line; ++line)
    at = std::min(text.find('\n', at), text.size() - 1) + 1;
  return std::min(at + static_cast<std::size_t>(mark.column), text.size());
}

/// The length of a scalar as it is written at `at`; 0 when that is not what is written there.
std::size_t written_length(std::string_view text, std::size_t at, const std::string& scalar) {
  for (const char* quote : {"", "'", "\""}) {
    const std::string written = quote + scalar + quote;
    if (text.substr(at, written.size()) == written) return written.size();
  }
  return 0;
}

bool is_block(const YAML::Node& map) {
  return map.Style() != YAML::EmitterStyle::Flow;
}

struct Place {
  YAML::Node node;   ///< of the chain
  std::string side;  ///< `downstream` or `upstream`
  std::string key;
};

std::optional<Place> find_place(const YAML::Node& root, const std::string& value) {
  for (const auto& item : root["chain"]) {
    if (!item["profile"]) continue;
    const std::string name = item[item["name"] ? "name" : "profile"].as<std::string>();
    for (const char* side : {"downstream", "upstream"}) {
      const std::string prefix = name + "." + side + ".";
      if (value.starts_with(prefix)) return Place{item, side, value.substr(prefix.size())};
    }
  }
  return std::nullopt;
}

/// `key: value` in front of what a map begins with.
Patch first_in(std::string_view text, const YAML::Node& map, const std::string& entry) {
  if (map.size() == 0) return {offset_of(text, map.Mark()) + 1, 0, " " + entry + " "};
  const YAML::Mark mark = map.begin()->first.Mark();
  return {offset_of(text, mark), 0,
          entry + (is_block(map) ? "\n" + std::string(static_cast<std::size_t>(mark.column), ' ')
                                 : ", ")};
}

std::optional<Patch> patch_of(std::string_view text, const YAML::Node& root,
                              const ChainEdit& edit) {
  const std::optional<Place> place = find_place(root, edit.value);
  if (!place) return std::nullopt;
  const std::string to = format_duration(edit.to), entry = place->key + ": " + to;
  const YAML::Node role = place->node[place->side];
  if (!role) {
    const YAML::Node profile = place->node["profile"];
    const std::size_t at = offset_of(text, profile.Mark()),
                      end = at + written_length(text, at, profile.Scalar());
    const std::string block = place->side + ": { " + entry + " }";
    if (!is_block(place->node)) return Patch{end, 0, ", " + block};
    const std::size_t line = std::min(text.find('\n', end), text.size());
    const int column = place->node.begin()->first.Mark().column;
    return Patch{line, 0, "\n" + std::string(static_cast<std::size_t>(column), ' ') + block};
  }
  YAML::Node value = role[place->key];
  if (!value) return first_in(text, role, entry);
  if (value.IsMap()) value.reset(value["value"]);
  const std::size_t at = offset_of(text, value.Mark()),
                    length = written_length(text, at, value.Scalar());
  if (length == 0) return std::nullopt;
  return Patch{at, length, to};
}

/// What a chain says, in one string: to compare.
std::string said_by(const Chain& chain) {
  std::string said;
  auto add = [&](const std::optional<Role>& role) {
    said += "\n";
    if (!role) return;
    for (const auto& [key, value] : role->values)
      said += key + "=" + value.text + "," + (value.fixed ? "fixed" : "") + "\n";
  };
  for (const Node& node : chain.nodes) {
    said += node.name + " " + node.profile->name + (node.fixed ? " fixed" : "");
    add(node.server);
    add(node.client);
  }
  for (const Link& link : chain.links)
    said += format_duration(link.delay_min) + ".." + format_duration(link.delay_max) + " " +
            format_duration(link.middlebox) + "\n";
  for (const std::string& method : chain.methods)
    said += method + " ";
  return said + (chain.with_body ? "content " : "") + (chain.responses_fit ? "fit " : "") +
         format_duration(chain.content_within);
}

void apply(Chain& chain, const ChainEdit& edit) {
  for (Node& node : chain.nodes) {
    auto set = [&](std::optional<Role>& role, const std::string& prefix) {
      if (!role || !edit.value.starts_with(prefix)) return;
      const std::string key = edit.value.substr(prefix.size());
      for (auto& [name, value] : role->values) {
        if (name == key || value.same_as == key) value.text = format_duration(edit.to);
      }
    };
    set(node.server, node.name + ".downstream.");
    set(node.client, node.name + ".upstream.");
  }
}

}  // namespace

EditedChain edit_chain(std::string_view yaml, const std::vector<ChainEdit>& edits) {
  EditedChain edited{std::string(yaml), {}};
  LoadedChain asked = parse_chain(yaml, "");
  if (!asked.chain) return {{}, asked.error.text()};
  for (const ChainEdit& edit : edits) {
    apply(*asked.chain, edit);
    const std::optional<Patch> patch = patch_of(edited.text, YAML::Load(edited.text), edit);
    const std::string cannot = "`" + edit.value + "` is not written where it can be replaced by " +
                               format_duration(edit.to);
    if (!patch) return {{}, cannot};
    edited.text.replace(patch->at, patch->length, patch->text);
    if (!parse_chain(edited.text, "").chain) return {{}, cannot};
  }
  const LoadedChain read = parse_chain(edited.text, "");
  if (said_by(*read.chain) != said_by(*asked.chain))
    return {{}, "the file says a value in more than one place: it has to be edited by hand"};
  return edited;
}

}  // namespace halfclose::deployment
