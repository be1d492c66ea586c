// A journal in memory, and what `conform` says of it.
#pragma once

#include "property_tests/runtime/usual.hpp"
#include "runtime/conform/replay.hpp"
#include "runtime/core/journal.hpp"

#include <array>
#include <list>
#include <string>
#include <vector>

namespace halfclose::runtime {

class KeptJournal final : public Journal {
 public:
  std::vector<JournalEntry> entries() const {
    std::vector<JournalEntry> all;
    for (const auto& block : blocks_) {
      for (const JournalEntry& entry : block) {
        if (entry.what != Noted::nothing) all.push_back(entry);
      }
    }
    return all;
  }

 private:
  void more() override {
    at_ = blocks_.emplace_back().data();
    end_ = at_ + blocks_.back().size();
  }
  std::list<std::array<JournalEntry, 1024>> blocks_;
};

/// @return what diverges from the model, or nothing
/// @param settings  the usual ones but for limits and times
inline std::string divergence_of(const std::vector<JournalEntry>& entries,
                                 const Settings& settings) {
  static const Wiring wiring(usual_chain(), 1, Tables(usual()));
  const Tables tables(settings);
  Replay replay(tables, wiring);
  for (const JournalEntry& entry : entries) {
    if (replay.take(entry)) continue;
    const Divergence& found = *replay.divergence();
    std::string text = found.what + "\n" + found.rule;
    for (const std::string& step : found.before)
      text += "\n  " + step;
    return text;
  }
  return {};
}

/// The steps of all connections in words, one per line.
inline std::string story_of(const std::vector<JournalEntry>& entries, const Settings& settings) {
  static const Wiring wiring(usual_chain(), 1, Tables(usual()));
  const Tables tables(settings);
  Replay replay(tables, wiring);
  std::string story;
  for (const JournalEntry& entry : entries) {
    if (!replay.take(entry)) break;
    if (entry.what != Noted::time) story += replay.last() + "\n";
  }
  return story;
}

}  // namespace halfclose::runtime
