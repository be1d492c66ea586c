#include "model/deployment/chain.hpp"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

namespace halfclose::deployment {

namespace {

/// Thrown and caught inside parse_chain.
struct Broken {
  YAML::Mark mark;
  std::string rule, help;
};

/// An error is one line, whatever the input holds.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return text;
}

std::string in_quotes(std::string_view text) {
  return "`" + one_line(std::string(text.substr(0, 60))) + (text.size() > 60 ? "...`" : "`");
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& names) {
  const std::string near = nearest(wrong, names);
  if (!near.empty()) return "did you mean " + in_quotes(near) + "?";
  std::string all = "known:";
  for (const std::string_view name : names)
    all += " " + std::string(name);
  return all;
}

std::string scalar(const YAML::Node& node, const std::string& what) {
  if (!node.IsScalar()) throw Broken{node.Mark(), what + " is one value", {}};
  return node.Scalar();
}

/// The entries of a map, each key once and known.
std::vector<std::pair<std::string, YAML::Node>> entries(
    const YAML::Node& map, const std::string& what, const std::vector<std::string_view>& known) {
  if (!map.IsMap()) throw Broken{map.Mark(), what + " is a map of keys", {}};
  std::vector<std::pair<std::string, YAML::Node>> found;
  std::set<std::string> seen;
  for (const auto& entry : map) {
    const std::string key = scalar(entry.first, "a key of " + what);
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      throw Broken{entry.first.Mark(), "unknown key " + in_quotes(key) + " in " + what,
                   did_you_mean(key, known)};
    }
    if (!seen.insert(key).second)
      throw Broken{entry.first.Mark(), "key " + in_quotes(key) + " is written twice", {}};
    found.emplace_back(key, entry.second);
  }
  return found;
}

bool read_flag(const YAML::Node& node, const std::string& what) {
  const std::string text = scalar(node, what);
  if (text != "true" && text != "false")
    throw Broken{node.Mark(), what + " is `true` or `false`; found " + in_quotes(text), {}};
  return text == "true";
}

/// `60s`, or `{ value: 60s, fixed: true }`.
std::pair<YAML::Node, bool> read_fixed(const YAML::Node& node, const std::string& key) {
  if (!node.IsMap()) return {node, false};
  std::pair<YAML::Node, bool> read;
  bool has_value = false;
  for (const auto& [name, field] : entries(node, "`" + key + "`", {"value", "fixed"})) {
    if (name == "fixed") {
      read.second = read_flag(field, "`fixed` of `" + key + "`");
    } else {
      read.first = field;
      has_value = true;
    }
  }
  if (!has_value)
    throw Broken{node.Mark(), "`" + key + "` has no `value`",
                 "write for example `" + key + ": { value: 60s, fixed: true }`"};
  return read;
}

/// What one attribute of the product sets has one value.
void follow(Role& role, const YAML::Mark& mark, const std::string& node) {
  for (auto& [name, value] : role.values) {
    if (value.same_as.empty()) continue;
    const Value& leads = role.at(value.same_as);
    if (value.origin == Origin::chain && value.text != leads.text)
      throw Broken{mark,
                   "`" + name + "` of " + node + " is the same attribute as `" + value.same_as +
                       "`: it cannot be " + in_quotes(value.text) + " when that is " +
                       in_quotes(leads.text),
                   "leave `" + name + "` away"};
    value.text = leads.text;
    value.duration = leads.duration;
    value.count = leads.count;
    value.origin = leads.origin;
  }
}

void read_role(Role& role, const YAML::Node& block, const std::vector<Key>& keys,
               const std::string& what, const std::string& prefix = {}) {
  std::vector<std::string_view> known;
  for (const Key& key : keys) {
    if (!key.name.starts_with(prefix)) continue;
    const std::string_view rest = key.name.substr(prefix.size());
    const std::string_view first = rest.substr(0, rest.find('.'));
    if (std::find(known.begin(), known.end(), first) == known.end()) known.push_back(first);
  }
  for (const auto& [name, node] : entries(block, what, known)) {
    const std::string full = prefix + name;
    const auto key =
        std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.name == full; });
    if (key == keys.end()) {  // a group, such as `retry`
      read_role(role, node, keys, "`" + full + "`", full + ".");
      continue;
    }
    const auto [written, fixed] = read_fixed(node, full);
    std::vector<std::string> scalars;
    if (written.IsSequence()) {
      for (const auto& item : written)
        scalars.push_back(scalar(item, "an element of `" + full + "`"));
    } else {
      scalars.push_back(scalar(written, "`" + full + "`"));
    }
    ParsedValue parsed = parse_value(*key, scalars, written.IsSequence());
    if (!parsed.ok) {
      std::string help = "write for example `" + name + ": ";
      switch (key->kind) {
        case KeyKind::duration:
        case KeyKind::duration_or_off:
          help += "60s`";
          break;
        case KeyKind::count:
          help += "1`";
          break;
        case KeyKind::count_or_off:
          help += "100`";
          break;
        case KeyKind::flag:
          help += "true`";
          break;
        case KeyKind::word:
        case KeyKind::words:
          if (key->allowed.empty()) {
            help += "[GET, HEAD]`";
          } else {
            help = did_you_mean(scalars.empty() ? "" : scalars.front(), key->allowed);
          }
          break;
      }
      throw Broken{written.Mark(),
                   "`" + full + "` " +
                       (parsed.rule.starts_with("a ") ? "wants a duration or count: " : "") +
                       parsed.rule + "; found " + in_quotes(parsed.value.text),
                   help};
    }
    Value& value = role.values[full];
    parsed.value.origin = Origin::chain;
    parsed.value.fixed = fixed || value.fixed;
    parsed.value.same_as = value.same_as;
    value = std::move(parsed.value);
  }
}

Node read_node(const YAML::Node& item) {
  static const std::vector<std::string_view> known = {"name", "profile", "downstream", "upstream",
                                                      "fixed"};
  Node node;
  node.line = item.Mark().line + 1;
  const auto fields = entries(item, "a node", known);
  auto find = [&](std::string_view key) -> const YAML::Node* {
    for (const auto& [name, value] : fields) {
      if (name == key) return &value;
    }
    return nullptr;
  };
  if (find("profile") == nullptr) {
    throw Broken{item.Mark(), "a node has a `profile`",
                 "`rfc9112` is the profile of the bare standard"};
  }
  const std::string profile = scalar(*find("profile"), "`profile`");
  node.profile = find_profile(profile);
  if (node.profile == nullptr) {
    throw Broken{find("profile")->Mark(), "unknown profile " + in_quotes(profile),
                 did_you_mean(profile, profile_names())};
  }
  node.name = find("name") == nullptr ? profile : scalar(*find("name"), "`name`");
  const bool plain = !node.name.empty() && node.name.size() <= 64 &&
                     std::all_of(node.name.begin(), node.name.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
                     });
  if (!plain) {
    throw Broken{
        find("name")->Mark(),
        "a node's name has 1 to 64 letters, digits, `-`, `_` or `.`; found " + in_quotes(node.name),
        {}};
  }
  node.server = node.profile->server;
  node.client = node.profile->client;
  auto read = [&](const char* key, std::optional<Role>& role, const std::vector<Key>& keys,
                  const char* as) {
    const YAML::Node* block = find(key);
    if (block == nullptr) return;
    if (!role)
      throw Broken{
          block->Mark(), "profile `" + profile + "` is no " + as + ": it has no `" + key + "`", {}};
    read_role(*role, *block, keys, "`" + std::string(key) + "` of " + node.name);
    follow(*role, block->Mark(), node.name);
  };
  read("downstream", node.server, server_keys(), "server");
  read("upstream", node.client, client_keys(), "client");
  if (const YAML::Node* fixed = find("fixed"))
    node.fixed = read_flag(*fixed, "`fixed` of " + node.name);
  return node;
}

Link read_link(const YAML::Node& item) {
  Link link{.stated = true};
  for (const auto& [key, value] : entries(item, "`link`", {"delay", "middlebox_timeout"})) {
    if (key == "middlebox_timeout") {
      static const Key middlebox{"middlebox_timeout", KeyKind::duration_or_off, {}, ""};
      const ParsedValue parsed =
          parse_value(middlebox, {scalar(value, "`middlebox_timeout`")}, false);
      if (!parsed.ok)
        throw Broken{value.Mark(),
                     "`middlebox_timeout`: " + parsed.rule + "; found " + in_quotes(value.Scalar()),
                     "write for example `middlebox_timeout: 350s`"};
      link.middlebox = parsed.value.duration;
      continue;
    }
    link.delay_stated = true;
    const std::string text = scalar(value, "`delay`");
    const ParsedInterval interval = parse_interval(text);
    if (!interval.value) {
      throw Broken{value.Mark(),
                   "`delay` is broken: " + interval.rule + "; found " + in_quotes(text),
                   "write for example `delay: 0.2ms..2ms`"};
    }
    std::tie(link.delay_min, link.delay_max) = *interval.value;
  }
  return link;
}

void read_requests(Chain& chain, const YAML::Node& block) {
  chain.requests_stated = true;
  for (const auto& [key, value] :
       entries(block, "`requests`", {"methods", "with_body", "responses_fit", "content_within"})) {
    if (key == "with_body" || key == "responses_fit") {
      (key == "with_body" ? chain.with_body : chain.responses_fit) =
          read_flag(value, "`" + key + "`");
      continue;
    }
    if (key == "content_within") {
      static const Key content{"content_within", KeyKind::duration_or_off, {}, ""};
      const ParsedValue parsed = parse_value(content, {scalar(value, "`content_within`")}, false);
      if (!parsed.ok)
        throw Broken{value.Mark(),
                     "`content_within`: " + parsed.rule + "; found " + in_quotes(value.Scalar()),
                     "write for example `content_within: 2s`"};
      chain.content_within = parsed.value.duration;
      continue;
    }
    if (!value.IsSequence() || value.size() == 0) {
      throw Broken{value.Mark(), "`methods` is a list of methods",
                   "write for example `methods: [GET, POST]`"};
    }
    chain.methods.clear();
    for (const auto& item : value) {
      const std::string method = scalar(item, "a method");
      const bool token =
          !method.empty() && std::all_of(method.begin(), method.end(), [](unsigned char c) {
            return std::isupper(c) != 0 || c == '-';
          });
      if (!token)
        throw Broken{item.Mark(),
                     "a method is written in capitals (RFC 9110 9.1); found " + in_quotes(method),
                     {}};
      chain.methods.push_back(method);
    }
  }
}

Chain read_chain(const YAML::Node& root, const std::string& file) {
  Chain chain;
  chain.file = file;
  if (!root.IsDefined() || root.IsNull())
    throw Broken{YAML::Mark(), "the file is empty", "a chain file has a list `chain:`"};
  bool has_chain = false;
  Link link;
  YAML::Mark link_mark;
  std::set<std::string> names;
  for (const auto& [key, value] : entries(root, "a chain file", {"chain", "requests"})) {
    if (key == "requests") {
      read_requests(chain, value);
      continue;
    }
    has_chain = true;
    if (!value.IsSequence()) throw Broken{value.Mark(), "`chain` is a list of nodes and links", {}};
    for (const auto& item : value) {
      if (item.IsMap() && item.size() == 1 && item["link"]) {
        if (chain.nodes.empty())
          throw Broken{item.Mark(), "a link stands between two nodes",
                       "move it behind the first node"};
        if (link.stated)
          throw Broken{item.Mark(), "two links between the same two nodes", "keep one of them"};
        link = read_link(item["link"]);
        link_mark = item.Mark();
        continue;
      }
      Node node = read_node(item);
      if (!names.insert(node.name).second) {
        throw Broken{item.Mark(), "two nodes are called " + in_quotes(node.name),
                     "give each node a `name` of its own"};
      }
      if (!chain.nodes.empty()) {
        if (!chain.nodes.back().client) {
          throw Broken{item.Mark(),
                       "`" + chain.nodes.back().name + "` is no client: profile `" +
                           chain.nodes.back().profile->name + "` has no `upstream`",
                       "only the last node of a chain can be a server alone"};
        }
        if (!node.server) {
          throw Broken{item.Mark(),
                       "`" + node.name + "` is no server: profile `" + node.profile->name +
                           "` has no `downstream`",
                       "only the first node of a chain can be a client alone"};
        }
        chain.links.push_back(link);
      }
      link = {};
      chain.nodes.push_back(std::move(node));
    }
  }
  if (!has_chain) throw Broken{root.Mark(), "a chain file has a list `chain:`", {}};
  if (link.stated)
    throw Broken{link_mark, "a link stands between two nodes", "add the node behind it"};
  if (chain.nodes.size() < 2) {
    throw Broken{root.Mark(),
                 "a chain has at least two nodes; found " + std::to_string(chain.nodes.size()),
                 "a hop is a client and a server: add the neighbour"};
  }
  return chain;
}

/// YAML::Load leaves all but the first document unread, and YAML::LoadAll does not end on some
/// broken ones.
void refuse_second_document(const std::string& text) {
  struct Second : YAML::EventHandler {
    bool first = true;
    void OnDocumentStart(const YAML::Mark& mark) override {
      if (!std::exchange(first, false))
        throw Broken{mark, "a chain file is one YAML document", "keep one chain per file"};
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
  };
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Second second;
  while (parser.HandleNextDocument(second)) {
  }
}

}  // namespace

std::string InputError::text() const {
  std::string text = file;
  if (line > 0) text += ":" + std::to_string(line) + ":" + std::to_string(column);
  text += ": error: " + rule;
  if (!help.empty()) text += "\n  help: " + help;
  return text;
}

LoadedChain parse_chain(std::string_view yaml, const std::string& file) {
  auto failed = [&](const YAML::Mark& mark, std::string rule, std::string help) {
    const bool placed = !mark.is_null();
    return LoadedChain{{},
                       {file, placed ? mark.line + 1 : 0, placed ? mark.column + 1 : 0,
                        std::move(rule), std::move(help)}};
  };
  if (yaml.size() > kChainBytesMax) {
    return failed(YAML::Mark::null_mark(),
                  "a chain file has at most " + std::to_string(kChainBytesMax) + " bytes",
                  "split it into several chains");
  }
  try {
    const std::string text(yaml);
    Chain chain = read_chain(YAML::Load(text), file);
    refuse_second_document(text);
    return {std::move(chain), {}};
  } catch (const Broken& broken) {
    return failed(broken.mark, broken.rule, broken.help);
  } catch (const YAML::DeepRecursion& error) {
    return failed(error.mark, "a chain file nests less than 500 deep", {});
  } catch (const YAML::Exception& error) {
    return failed(error.mark, "not YAML: " + one_line(error.msg), {});
  }
}

bool is_fixed(const Chain& chain, std::string_view value) {
  auto says = [&](const Node& node, const std::optional<Role>& role, std::string_view side) {
    const std::string prefix = node.name + "." + std::string(side) + ".";
    if (!role || !value.starts_with(prefix)) return false;
    const auto found = role->values.find(value.substr(prefix.size()));
    return found != role->values.end() && (node.fixed || found->second.fixed);
  };
  return std::any_of(chain.nodes.begin(), chain.nodes.end(), [&](const Node& node) {
    return says(node, node.server, "downstream") || says(node, node.client, "upstream");
  });
}

LoadedChain load_chain(const std::string& path) {
  auto failed = [&](std::string rule) {
    return LoadedChain{{}, {path, 0, 0, std::move(rule), {}}};
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return failed("a directory, not a chain file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return failed("no such file, or not readable");
  std::string text(kChainBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return failed("reading failed");
  return parse_chain(text, path);
}

}  // namespace halfclose::deployment
