#include "proofs/decoupling/labelled_graph.hpp"

#include "proofs/explore/state_set.hpp"

#include <algorithm>
#include <chrono>
#include <map>

namespace halfclose::proofs {

namespace {

using Word = std::vector<Label>;

/// The observations of a step, looked up by what happened.
class Sight {
 public:
  Sight(const system::System& system, const Interface& interface, std::vector<std::string>& labels)
      : system_(system), of_(system.components.size()) {
    if (labels.empty()) labels.emplace_back();
    for (const Observed& observed : interface.observed) {
      const auto known = std::find(labels.begin() + 1, labels.end(), observed.label);
      const auto label = static_cast<Label>(known - labels.begin());
      if (known == labels.end()) labels.push_back(observed.label);
      of_[observed.component].push_back({observed.event, observed.output, label});
    }
  }

  void read(const std::vector<system::Occurrence>& occurrences, Word& word) const {
    word.clear();
    for (const system::Occurrence& occurrence : occurrences) {
      if (occurrence.kind != system::Occurrence::Kind::fired) continue;
      const auto& rules = of_[occurrence.index];
      if (rules.empty()) continue;
      see(rules, occurrence.event, std::nullopt, word);
      for (const auto output :
           system_.components[occurrence.index].table->output_lists[occurrence.outputs])
        see(rules, occurrence.event, output, word);
    }
  }

 private:
  struct Rule {
    std::optional<machine::EventId> event;
    std::optional<machine::OutputId> output;
    Label label;
  };

  /// The first rule that fits decides.
  static void see(const std::vector<Rule>& rules, machine::EventId event,
                  std::optional<machine::OutputId> output, Word& word) {
    for (const Rule& rule : rules) {
      if (rule.output != output || (rule.event && *rule.event != event)) continue;
      word.push_back(rule.label);
      return;
    }
  }

  const system::System& system_;
  std::vector<std::vector<Rule>> of_;
};

struct Step {
  Node to = 0;
  std::uint32_t word = 0;
  bool hidden = false;
  system::Stimulus stimulus{};
};

/// The graph whose steps have words, with a node for every rest of a word before a state.
class Unfolding {
 public:
  Unfolding(std::vector<std::vector<Step>> steps, std::vector<Word> words)
      : steps_(std::move(steps)), words_(std::move(words)) {}

  void into(LabelledGraph& graph) {
    const auto states = static_cast<Node>(steps_.size());
    graph.edges_at = {0};
    for (const auto& steps : steps_) {
      for (const Step& step : steps) {
        const Word& word = words_[step.word];
        graph.edges.push_back({.to = after(step.to, word, 1, states),
                               .label = word.empty() ? kSilent : word.front(),
                               .hidden = step.hidden,
                               .stimulus = step.stimulus});
      }
      graph.edges_at.push_back(static_cast<std::uint32_t>(graph.edges.size()));
    }
    for (std::size_t i = 0; i < rests_.size(); ++i) {
      const auto [to, word] = rests_[i];
      graph.edges.push_back(
          {.to = after(to, word, 1, states), .label = word.front(), .first = false});
      graph.edges_at.push_back(static_cast<std::uint32_t>(graph.edges.size()));
    }
  }

 private:
  /// The node from which `word` from `begin` on leads to the state `to`.
  Node after(Node to, const Word& word, std::size_t begin, Node states) {
    if (word.size() <= begin) return to;
    Word rest(word.begin() + static_cast<std::ptrdiff_t>(begin), word.end());
    const auto [it, fresh] =
        index_.try_emplace({to, rest}, static_cast<Node>(states + rests_.size()));
    if (fresh) rests_.emplace_back(to, std::move(rest));
    return it->second;
  }

  std::vector<std::vector<Step>> steps_;
  std::vector<Word> words_;
  std::map<std::pair<Node, Word>, Node> index_;
  std::vector<std::pair<Node, Word>> rests_;
};

}  // namespace

LabelledGraph labelled_graph(const system::System& system, const Interface& interface,
                             const Limits& limits, std::vector<std::string>& labels) {
  const auto start = std::chrono::steady_clock::now();
  const Sight sight(system, interface, labels);
  LabelledGraph graph;
  StateSet states(system.bytes());
  std::vector<std::vector<Step>> steps;
  std::vector<Word> words{{}};
  std::map<Word, std::uint32_t> word_index{{{}, 0}};
  std::vector<system::Stimulus> stimuli;
  std::vector<system::Occurrence> occurrences;
  system::StepResult result;
  Word word;

  states.insert(system.initial());
  for (std::size_t next = 0; next < states.size(); ++next) {
    const system::State state = states[next];
    system.enabled(state, stimuli);
    std::vector<Step> out;
    for (const system::Stimulus stimulus : stimuli) {
      occurrences.clear();
      system.step(state, stimulus, result, &occurrences);
      sight.read(occurrences, word);
      const auto [it, fresh] =
          word_index.try_emplace(word, static_cast<std::uint32_t>(words.size()));
      if (fresh) words.push_back(word);
      const bool hidden = std::find(interface.hidden.begin(), interface.hidden.end(), stimulus) !=
                          interface.hidden.end();
      const Node to = states.insert(result.state).first;
      ++graph.transitions;
      if (hidden) ++graph.hidden;
      // A step that shows nothing and changes nothing is none.
      if (to == next && word.empty()) continue;
      out.push_back({to, it->second, hidden, stimulus});
    }
    steps.push_back(std::move(out));
    if (states.size() > limits.states) {
      graph.limit = std::to_string(limits.states) + " states";
    } else if ((next & 0xfff) == 0) {
      if (states.bytes() + graph.transitions * sizeof(Step) > limits.bytes) {
        graph.limit = std::to_string(limits.bytes) + " bytes";
      } else if (std::chrono::steady_clock::now() - start >
                 std::chrono::milliseconds(limits.milliseconds)) {
        graph.limit = std::to_string(limits.milliseconds) + " ms";
      }
    }
    if (!graph.limit.empty()) break;
  }
  graph.states = states.size();
  graph.labels = labels;
  if (graph.limit.empty()) Unfolding(std::move(steps), std::move(words)).into(graph);
  return graph;
}

}  // namespace halfclose::proofs
