// What a node is as a server of the node before it, and as a client of the node after it: keys and
// values.
//
// The registry of keys is the one place that knows them: the parser, the error messages, the
// profiles and docs/reference/chain.md are made from it.
#pragma once

#include "model/deployment/duration.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::deployment {

enum class KeyKind : std::uint8_t {
  duration,
  duration_or_off,
  count,
  count_or_off,
  flag,
  word,
  words
};

struct Key {
  std::string_view name;  ///< `idle_timeout`, `retry.on`
  KeyKind kind;
  std::vector<std::string_view> allowed;  ///< of word and words; empty allows any
  std::string_view meaning;
  bool decides = true;  ///< false: it changes nothing with one pooled connection at a time
  std::string_view
      otherwise{};  ///< the value of a profile that does not state it; empty: it has to
};

/// Keys of `downstream`: the server role.
const std::vector<Key>& server_keys();
/// Keys of `upstream`: the client role.
const std::vector<Key>& client_keys();

enum class Origin : std::uint8_t { profile, chain };

struct Value {
  std::string text;        ///< as it was written
  Time duration = 0;       ///< kOff for `off`
  std::int64_t count = 0;  ///< -1 for `off`
  bool flag = false;
  std::vector<std::string> words;  ///< one, for a word
  std::string source;              ///< of a profile's value; `unsourced` when nobody could say
  Origin origin = Origin::profile;
  bool fixed = false;   ///< nobody can change it
  std::string same_as;  ///< the key of the same role that the product sets together with it
};

struct Role {
  std::map<std::string, Value, std::less<>> values;

  const Value& at(std::string_view key) const { return values.find(key)->second; }
  Time duration(std::string_view key) const { return at(key).duration; }
  bool flag(std::string_view key) const { return at(key).flag; }
  bool is(std::string_view key, std::string_view word) const {
    return at(key).words.front() == word;
  }
};

struct ParsedValue {
  bool ok = false;
  Value value;
  std::string rule;  ///< the rule that was broken
};
/// Reads one scalar, or the elements of a list.
ParsedValue parse_value(const Key& key, const std::vector<std::string>& scalars, bool is_list);

/// The name in `names` that is nearest to `wrong`, or nothing when none is near.
std::string nearest(std::string_view wrong, const std::vector<std::string_view>& names);

}  // namespace halfclose::deployment
