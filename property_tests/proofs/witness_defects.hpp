// What the tests of witnesses look for, and how they break one.
#pragma once

#include "proofs/witness/json.hpp"
#include "proofs/witness/re_execute.hpp"

#include <nlohmann/json.hpp>
#include <rapidcheck.h>

#include <string>
#include <vector>

namespace halfclose::test {

/// Why the text is no true witness; empty when it is one.
inline std::string refusal(const std::string& text) {
  const proofs::LoadedWitness loaded = proofs::from_json(text);
  return loaded.witness ? proofs::re_execute(*loaded.witness) : loaded.error;
}

/// A value that is another one.
inline void change(nlohmann::ordered_json& value) {
  if (value.is_number()) {
    value = value.get<std::int64_t>() + *rc::gen::element<std::int64_t>(-1, 1, 60'000'000);
  } else if (value.is_string()) {
    value = value.get<std::string>() + "x";
  } else if (value.is_boolean()) {
    value = !value.get<bool>();
  } else {
    value = 1;
  }
}

/// Tags are balanced, attributes quoted, entities known, characters allowed.
inline std::string xml_defect(const std::string& text) {
  std::vector<std::string> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) < 0x20 && text[i] != '\n') return "control character";
    if (text[i] == '>') return "stray >";
    if (text[i] == '&') {
      const std::size_t end = text.find(';', i);
      const std::string entity = text.substr(i, end - i + 1);
      if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;" &&
          entity != "&#39;")
        return "entity " + entity;
      i = end;
    }
    if (text[i] != '<') continue;
    std::size_t end = i + 1;
    for (bool quoted = false; end < text.size() && (quoted || text[end] != '>'); ++end) {
      if (text[end] == '<') return "< within a tag";
      if (text[end] == '"') quoted = !quoted;
    }
    if (end >= text.size()) return "open tag";
    const std::string tag = text.substr(i + 1, end - i - 1);
    const std::string name = tag.substr(0, tag.find_first_of(" /", 1));
    if (tag.starts_with('/')) {
      if (open.empty() || "/" + open.back() != tag) return "unbalanced " + tag;
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(name);
    }
    i = end;
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace halfclose::test
