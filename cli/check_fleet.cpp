#include "cli/check_fleet.hpp"

#include "cli/command.hpp"
#include "proofs/fleet/fleet_judge.hpp"
#include "proofs/fleet/fleet_reader.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace halfclose::cli {

namespace {

using deployment::format_duration;
using proofs::FleetVerdict;
using proofs::Verdict;

constexpr std::size_t kBlock = 2048;   ///< lines that one thread takes at a time
constexpr std::size_t kShownMax = 10;  ///< lines of each list of the summary

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

struct Count {
  std::uint64_t present = 0, undecided = 0, thin = 0, absent = 0;

  void add(const FleetVerdict& one) {
    if (one.verdict == Verdict::present)
      ++present;
    else if (one.verdict == Verdict::undecided)
      ++undecided;
    else
      ++(one.thin ? thin : absent);
  }
  void add(const Count& other) {
    present += other.present;
    undecided += other.undecided;
    thin += other.thin;
    absent += other.absent;
  }
};

/// A hop that is absent by the least, or present by the most.
struct Extreme {
  system::Time slack = 0;
  std::uint64_t line = 0;
  std::string hop;
  const proofs::Race* race = nullptr;

  bool operator<(const Extreme& other) const {
    return std::tie(slack, line, hop, race) <
           std::tie(other.slack, other.line, other.hop, other.race);
  }
};

/// The least of what it is given.
class Least {
 public:
  void add(Extreme one) {
    if (all_.size() >= kShownMax && !(one < all_.back())) return;
    all_.insert(std::upper_bound(all_.begin(), all_.end(), one), std::move(one));
    if (all_.size() > kShownMax) all_.pop_back();
  }
  bool wants(system::Time slack) const {
    return all_.size() < kShownMax || slack <= all_.back().slack;
  }
  void add(const Least& other) {
    for (const Extreme& one : other.all_)
      add(one);
  }
  const std::vector<Extreme>& all() const { return all_; }

 private:
  std::vector<Extreme> all_;
};

struct Summary {
  std::uint64_t hops = 0, unsafe = 0, open = 0, thin = 0;
  std::vector<std::pair<const proofs::Race*, Count>> races;
  std::unordered_map<std::string, std::uint64_t> servers, clients;  ///< hops with a race
  Least thinnest, worst;

  void add(const proofs::FleetEdge& edge, std::uint64_t line,
           const std::vector<FleetVerdict>& verdicts) {
    if (races.empty()) {
      for (const FleetVerdict& one : verdicts)
        races.emplace_back(one.race, Count{});
    }
    ++hops;
    bool present = false, undecided = false, is_thin = false;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      const FleetVerdict& one = verdicts[i];
      races[i].second.add(one);
      present |= one.verdict == Verdict::present;
      undecided |= one.verdict == Verdict::undecided;
      is_thin |= one.thin;
      if (!one.slack) continue;
      Least& list = one.verdict == Verdict::present ? worst : thinnest;
      if (one.verdict == Verdict::undecided || (one.verdict == Verdict::absent && !one.thin))
        continue;
      if (list.wants(*one.slack))
        list.add({*one.slack, line, edge.client + "->" + edge.server, one.race});
    }
    unsafe += present;
    open += !present && undecided;
    thin += !present && !undecided && is_thin;
    if (!present) return;
    ++clients[edge.client];
    ++servers[edge.server];
  }

  void add(const Summary& other) {
    hops += other.hops;
    unsafe += other.unsafe;
    open += other.open;
    thin += other.thin;
    if (races.empty())
      races = other.races;
    else
      for (std::size_t i = 0; i < other.races.size(); ++i)
        races[i].second.add(other.races[i].second);
    for (const auto& [name, count] : other.clients)
      clients[name] += count;
    for (const auto& [name, count] : other.servers)
      servers[name] += count;
    thinnest.add(other.thinnest);
    worst.add(other.worst);
  }
};

void append_json(std::string& out, std::uint64_t line, const proofs::FleetEdge& edge,
                 const std::vector<FleetVerdict>& verdicts) {
  auto to = std::back_inserter(out);
  const char* word = "absent";
  for (const FleetVerdict& one : verdicts) {
    if (one.verdict == Verdict::present) word = "present";
    if (one.verdict == Verdict::undecided && word[0] != 'p') word = "undecided";
    if (one.thin && word[0] == 'a') word = "thin";
  }
  fmt::format_to(to, R"({{"line":{},"client":{},"server":{},"verdict":"{}","races":[)", line,
                 quoted(edge.client), quoted(edge.server), word);
  bool first = true;
  for (const FleetVerdict& one : verdicts) {
    if (one.verdict == Verdict::absent && !one.thin) continue;
    fmt::format_to(to, R"({}{{"race":"{}","verdict":"{}","margin_s":{},"thin":{}}})",
                   first ? "" : ",", one.race->slug, proofs::verdict_name(one.verdict),
                   one.slack ? fmt::format("{}", static_cast<double>(*one.slack) / 1e6) : "null",
                   one.thin);
    first = false;
  }
  out += "]}\n";
}

/// Threads take blocks of lines and give back what they found in the order of the lines.
class Fleet {
 public:
  Fleet(const FleetOptions& options, std::istream& in, std::string name)
      : options_(options),
        in_(in),
        judge_(options.races, {.regions = options.regions}, proofs::region_directory()) {
    header_.file = std::move(name);
  }

  int run() {
    if (const std::string error = read_first(); !error.empty()) return refuse(error);
    const unsigned threads =
        options_.threads > 0 ? options_.threads : std::max(1u, std::thread::hardware_concurrency());
    {
      std::vector<std::jthread> workers;
      for (unsigned i = 0; i < threads; ++i)
        workers.emplace_back([this] { work(); });
    }
    if (progress_) fmt::print(stderr, "\r\x1b[K");
    if (!error_.empty()) return refuse(error_);
    if (in_.bad()) return refuse("error: " + header_.file + ": cannot be read");
    if (summary_.hops == 0)
      return refuse(header_.file + ":" + std::to_string(number_) +
                    ": error: there is no hop in it\nhelp: write one hop a line, see "
                    "docs/reference/fleet.md");
    const int status = summary_.unsafe > 0 ? kHappens : summary_.open > 0 ? kUndecided : kHolds;
    return finish(options_.json_lines ? "" : text(), status);
  }

 private:
  struct Block {
    std::uint64_t sequence = 0, first = 0;
    std::vector<std::string> lines;
  };

  /// The header, or the first line of JSON, which is judged too.
  std::string read_first() {
    std::string line;
    while (std::getline(in_, line)) {
      ++number_;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      const std::string error = proofs::read_header(header_, line, number_);
      if (error.empty() && header_.json) first_line_ = line;
      return error;
    }
    return header_.file + ": error: the file is empty\nhelp: see docs/reference/fleet.md";
  }

  bool take(Block& block) {
    const std::lock_guard lock(input_);
    block.lines.clear();
    if (stop_) return false;
    block.sequence = next_++;
    block.first = number_ + 1;
    if (!first_line_.empty()) {
      block.first = number_;
      block.lines.push_back(std::move(first_line_));
      first_line_.clear();
    }
    for (std::string line; block.lines.size() < kBlock && std::getline(in_, line); ++number_)
      block.lines.push_back(std::move(line));
    return !block.lines.empty();
  }

  void work() {
    proofs::FleetReader reader(judge_, header_);
    std::vector<proofs::FleetEdge> edges;
    std::vector<FleetVerdict> verdicts;
    Summary summary;
    std::string out;
    for (Block block; take(block);) {
      out.clear();
      std::string error;
      for (std::size_t i = 0; i < block.lines.size() && error.empty(); ++i) {
        edges.clear();
        error = reader.read(block.lines[i], block.first + i, edges);
        for (const proofs::FleetEdge& edge : edges) {
          judge_.judge(*edge.kind, edge.values, verdicts);
          summary.add(edge, block.first + i, verdicts);
          if (options_.json_lines) append_json(out, block.first + i, edge, verdicts);
        }
      }
      judged_ += block.lines.size();
      if (!give(block.sequence, out, std::move(error))) break;
    }
    const std::lock_guard lock(output_);
    summary_.add(summary);
  }

  /// @return false: no more lines are wanted
  bool give(std::uint64_t sequence, const std::string& out, std::string error) {
    std::unique_lock lock(output_);
    turn_.wait(lock, [&] { return given_ == sequence; });
    ++given_;
    turn_.notify_all();
    if (!error_.empty()) return false;
    std::cout << out;
    error_ = std::move(error);
    if (error_.empty() && !std::cout) error_ = "error: standard output cannot be written";
    if (!error_.empty()) stop_ = true;
    const auto now = std::chrono::steady_clock::now();
    if (progress_ && now - shown_ > std::chrono::milliseconds(500)) {
      shown_ = now;
      fmt::print(stderr, "\r\x1b[Kcheck: {} lines, {} kinds of hops, {} regions computed",
                 judged_.load(), judge_.kinds(), judge_.computed());
    }
    return !stop_;
  }

  std::string text() const {
    std::string text = fmt::format(
        "{} hops: a race happens on {}, undecided {}, absent by a thin margin {}, "
        "absent {}\n\n{:<22}{:>11}{:>11}{:>11}{:>11}\n",
        summary_.hops, summary_.unsafe, summary_.open, summary_.thin,
        summary_.hops - summary_.unsafe - summary_.open - summary_.thin, "race", "present",
        "undecided", "thin", "absent");
    for (const auto& [race, count] : summary_.races)
      text += fmt::format("{:<22}{:>11}{:>11}{:>11}{:>11}\n", race->slug, count.present,
                          count.undecided, count.thin, count.absent);
    add_list(text, "servers on whose hops a race happens", summary_.servers);
    add_list(text, "clients", summary_.clients);
    add_list(text, "furthest from safe", summary_.worst, "short by ");
    add_list(text, "thinnest", summary_.thinnest, "margin ");
    text += fmt::format(
        "\n{} kinds of hops; regions: {} computed, {} read\nassumed: {}\n", judge_.kinds(),
        judge_.computed(), judge_.read(),
        wrapped("what a line does not say is what the profile says (halfclose check of a chain "
                "lists it with its source). Retries are not looked at: what happens here, check "
                "of a chain may call masked. A margin is thin when delays and stalls leave more "
                "open than it is",
                110, 9));
    return text;
  }

  static void add_list(std::string& text, const char* title,
                       const std::unordered_map<std::string, std::uint64_t>& names) {
    if (names.empty()) return;
    std::vector<std::pair<std::string, std::uint64_t>> all(names.begin(), names.end());
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return std::tie(b.second, a.first) < std::tie(a.second, b.first);
    });
    text += fmt::format("\n{} ({})\n", title, all.size());
    for (std::size_t i = 0; i < std::min(all.size(), kShownMax); ++i)
      text += fmt::format("{:>11}  {}\n", all[i].second, all[i].first);
  }
  static void add_list(std::string& text, const char* title, const Least& least, const char* by) {
    if (least.all().empty()) return;
    text += fmt::format("\n{}\n", title);
    for (const Extreme& one : least.all())
      text += fmt::format("  line {}: {}, {}, {}{}\n", one.line, one.hop, one.race->slug, by,
                          format_duration(std::abs(one.slack)));
  }

  const FleetOptions& options_;
  std::istream& in_;
  proofs::FleetJudge judge_;
  proofs::FleetHeader header_;
  const bool progress_ = isatty(STDERR_FILENO) != 0;

  std::mutex input_;
  std::string first_line_;
  std::uint64_t number_ = 0, next_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> judged_ = 0;

  std::mutex output_;
  std::condition_variable turn_;
  std::uint64_t given_ = 0;
  std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
  std::string error_;
  Summary summary_;
};

}  // namespace

int check_fleet(const FleetOptions& options) {
  std::ios::sync_with_stdio(false);
  if (options.file == "-") return Fleet(options, std::cin, "<stdin>").run();
  std::ifstream file(options.file);
  if (!file) return refuse("error: " + options.file + ": cannot be read");
  return Fleet(options, file, options.file).run();
}

}  // namespace halfclose::cli
