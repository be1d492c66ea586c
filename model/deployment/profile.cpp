#include "model/deployment/profile.hpp"

#include "model/deployment/embedded_profiles.hpp"

#include <yaml-cpp/yaml.h>

#include <map>
#include <stdexcept>

namespace halfclose::deployment {

namespace {

/// Thrown and caught inside parse_profile.
struct Broken {
  YAML::Mark mark;
  std::string rule;
};

YAML::Node field(const YAML::Node& map, const std::string& key) {
  if (!map.IsMap() || !map[key]) throw Broken{map.Mark(), "`" + key + "` is missing"};
  return map[key];
}

Value read_value(const Key& key, const YAML::Node& leaf) {
  const YAML::Node value = field(leaf, "value");
  std::vector<std::string> scalars;
  if (value.IsSequence()) {
    for (const auto& item : value)
      scalars.push_back(item.as<std::string>());
  } else {
    scalars.push_back(value.as<std::string>());
  }
  ParsedValue parsed = parse_value(key, scalars, value.IsSequence());
  if (!parsed.ok) throw Broken{value.Mark(), "`" + std::string(key.name) + "`: " + parsed.rule};
  parsed.value.source = field(leaf, "source").as<std::string>();
  if (parsed.value.source.empty())
    throw Broken{leaf.Mark(), "`" + std::string(key.name) + "` has no source"};
  if (leaf["fixed"]) parsed.value.fixed = leaf["fixed"].as<bool>();
  if (leaf["same_as"]) parsed.value.same_as = leaf["same_as"].as<std::string>();
  return parsed.value;
}

/// What a profile does not state: as if it were not there, and nobody has said so.
Value unstated(const Key& key) {
  Value value = parse_value(key, {std::string(key.otherwise)}, false).value;
  value.source = "unsourced";
  return value;
}

Role read_role(const YAML::Node& block, const std::vector<Key>& keys) {
  Role role;
  std::size_t leaves = 0;
  for (const Key& key : keys) {
    const std::string name(key.name);
    const std::size_t dot = name.find('.');
    auto states = [](const YAML::Node& map, const std::string& field) {
      return !map.IsMap() || map[field];
    };
    if (!key.otherwise.empty() &&
        !(dot == std::string::npos
              ? states(block, name)
              : states(field(block, name.substr(0, dot)), name.substr(dot + 1)))) {
      role.values.emplace(name, unstated(key));
      continue;
    }
    const YAML::Node leaf = dot == std::string::npos
                                ? field(block, name)
                                : field(field(block, name.substr(0, dot)), name.substr(dot + 1));
    role.values.emplace(name, read_value(key, leaf));
    ++leaves;
  }
  std::size_t written = 0;
  for (const auto& entry : block)
    written += entry.first.as<std::string>() == "retry" ? entry.second.size() : 1;
  if (written != leaves) throw Broken{block.Mark(), "the block has a key that no role has"};
  for (const auto& [name, value] : role.values) {
    if (value.same_as.empty()) continue;
    const auto other = role.values.find(value.same_as);
    if (other == role.values.end() || other->second.text != value.text)
      throw Broken{block.Mark(), "`" + name + "` is not the same as `" + value.same_as + "`"};
  }
  return role;
}

std::string symptom(const YAML::Node& symptoms, std::initializer_list<const char*> path) {
  YAML::Node node = YAML::Clone(symptoms);
  for (const char* step : path) {
    if (!node.IsMap() || !node[step]) return {};
    node = YAML::Clone(node[step]);
  }
  return field(node, "value").as<std::string>();
}

}  // namespace

ParsedProfile parse_profile(std::string_view name, std::string_view yaml) {
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    Profile profile;
    profile.name = name;
    profile.product = field(root, "product").as<std::string>();
    profile.version = field(root, "version").as<std::string>();
    if (const YAML::Node symptoms = root["symptom"]) {
      profile.symptoms.request_lost = symptom(symptoms, {"as_client", "request_lost"});
      profile.symptoms.response_truncated = symptom(symptoms, {"as_client", "response_truncated"});
      profile.symptoms.as_server = symptom(symptoms, {"as_server"});
    }
    if (root["downstream"]) profile.server = read_role(root["downstream"], server_keys());
    if (root["upstream"]) profile.client = read_role(root["upstream"], client_keys());
    return {std::move(profile), {}};
  } catch (const Broken& broken) {
    return {
        {},
        std::string(name) + ".yaml:" + std::to_string(broken.mark.line + 1) + ": " + broken.rule};
  } catch (const YAML::Exception& error) {
    return {{},
            std::string(name) + ".yaml:" + std::to_string(error.mark.line + 1) + ": " + error.msg};
  }
}

const Profile* find_profile(std::string_view name) {
  static std::map<std::string, Profile, std::less<>> read;
  if (const auto known = read.find(name); known != read.end()) return &known->second;
  for (const auto& [file, text] : embedded_profiles()) {
    if (file != name) continue;
    ParsedProfile parsed = parse_profile(file, text);
    if (!parsed.profile) throw std::logic_error("profile " + parsed.error);
    return &read.emplace(std::string(file), std::move(*parsed.profile)).first->second;
  }
  return nullptr;
}

std::vector<std::string_view> profile_names() {
  std::vector<std::string_view> names;
  for (const auto& [file, text] : embedded_profiles())
    names.push_back(file);
  return names;
}

}  // namespace halfclose::deployment
