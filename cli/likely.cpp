// halfclose likely CHAIN --rate N/s: how many requests a day the races of reused connections take.
#include "cli/command.hpp"
#include "proofs/likelihood/likelihood.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace halfclose::cli {

namespace {

using deployment::format_duration;
using proofs::HopLikelihood;
using proofs::PoolOrder;
using proofs::RaceLikelihood;
using proofs::ReuseWindows;
using Json = nlohmann::ordered_json;

constexpr double kDay = 86'400;

/// `50/s`, `3000/min`, `0.5/h`, `100/day`. Nothing when it is none of these.
std::optional<double> parse_rate(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  double count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + slash, count);
  if (error != std::errc() || end != text.data() + slash || !(count > 0) || count > 1e9)
    return std::nullopt;
  const std::string_view per = text.substr(slash + 1);
  if (per == "s") return count;
  if (per == "min") return count / 60;
  if (per == "h") return count / 3'600;
  if (per == "day") return count / kDay;
  return std::nullopt;
}

std::string number(double value) {
  return value >= 1'000 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

std::string ranges(const ReuseWindows& windows) {
  std::string text;
  for (const proofs::GapWindow& window : windows.windows) {
    text += (text.empty() ? "" : ", ") + format_duration(window.from) +
            (window.to >= system::kForever ? " or longer" : ".." + format_duration(window.to));
  }
  return text.empty() ? "never" : text;
}
/// To a microsecond.
std::string length(double microseconds) {
  return std::isinf(microseconds) ? "no end" : format_duration(std::llround(microseconds));
}
double length_of(const ReuseWindows& windows) {
  return windows.length() >= system::kForever ? std::numeric_limits<double>::infinity()
                                              : static_cast<double>(windows.length());
}

using Line = std::array<std::string, 6>;

Line line_of(const RaceLikelihood& one) {
  return {one.race != nullptr ? std::string(one.race->slug) : "any of them",
          ranges(one.worst),
          length(length_of(one.worst)),
          length(one.usual.length()),
          number(one.per_s * kDay),
          number(one.per_s_at_most * kDay)};
}

std::string table(const std::vector<Line>& lines) {
  std::array<std::size_t, std::tuple_size_v<Line>> widths{};
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const Line& line : lines) {
    std::string row = " ";
    for (std::size_t i = 0; i < line.size(); ++i)
      row += fmt::format(" {:{}} ", line[i], widths[i]);
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

std::string order_text(const HopLikelihood& hop) {
  return std::string(hop.order == PoolOrder::mru ? "takes the connection used last"
                                                 : "takes the connection idle longest") +
         (hop.order_source == "unsourced" ? "?" : "");
}

/// Less and more traffic, as far as the pools can serve it and it is computed at once.
constexpr double kOtherBusyMax = 1'000;
std::vector<double> other_rates(const proofs::LikelihoodOptions& options) {
  std::vector<double> rates;
  for (const double times : {0.01, 0.1, 10.0, 100.0}) {
    const double rate = times * options.requests_per_s,
                 busy = rate / options.pools * options.busy_s;
    if (busy <= kOtherBusyMax && (!options.connections || busy < *options.connections))
      rates.push_back(rate);
  }
  return rates;
}

std::string per_million(double hits_per_s, double requests_per_s) {
  return number(hits_per_s / requests_per_s * 1e6);
}

std::string hop_text(const HopLikelihood& hop, const deployment::Chain& chain, std::size_t index,
                     const proofs::LikelihoodOptions& options, bool colour) {
  const deployment::Node &client = chain.nodes[index], &server = chain.nodes[index + 1];
  std::string text = coloured(client.name + " -> " + server.name, Colour::bold, colour) + "   (" +
                     std::string(client.profile->name) + " as client of " +
                     std::string(server.profile->name) + "; its pool " + order_text(hop) + ")\n";
  if (hop.races.empty())
    return text + (hop.undecided ? "  undecided: a limit was hit\n\n"
                                 : "  no request on a reused connection meets an idle close\n\n");
  std::vector<Line> lines = {
      {"", "lost when idle for", "window", "on average", "a day", "at most"}};
  for (const RaceLikelihood& one : hop.races)
    lines.push_back(line_of(one));
  if (hop.races.size() > 1) lines.push_back(line_of(hop.any));
  text += table(lines);
  text +=
      fmt::format("  expected      {} requests a day, {} in a million; at most {} a day\n",
                  number(hop.any.per_s * kDay), per_million(hop.any.per_s, options.requests_per_s),
                  number(hop.any.per_s_at_most * kDay));
  for (const double rate : other_rates(options)) {
    const double hits = hits_per_s(hop.any.usual, hop.order, options, rate);
    text += fmt::format("  at {:<10} {} a day, {} in a million\n", number(rate) + "/s",
                        number(hits * kDay), per_million(hits, rate));
  }
  if (!hop.masked_for.empty()) {
    std::string methods;
    for (const std::string& method : hop.masked_for)
      methods += (methods.empty() ? "" : ", ") + method;
    text += "  of these      a retry of " + client.name + " hides those with " + methods + "\n";
  }
  if (hop.undecided) text += "  undecided     a limit was hit: some windows are missing\n";
  return text + "\n";
}

Json windows_json(const ReuseWindows& windows) {
  Json all = Json::array();
  for (const proofs::GapWindow& window : windows.windows) {
    all.push_back(
        {{"from_s", static_cast<double>(window.from) / 1e6},
         {"to_s",
          window.to >= system::kForever ? Json() : Json(static_cast<double>(window.to) / 1e6)}});
  }
  return all;
}

Json race_json(const RaceLikelihood& one) {
  return {
      {"race", one.race != nullptr ? Json(one.race->slug) : Json()},
      {"exact", one.usual.exact && one.worst.exact},
      {"windows", windows_json(one.worst)},
      {"mean_length_s", std::isinf(one.usual.length()) ? Json() : Json(one.usual.length() / 1e6)},
      {"per_day", one.per_s * kDay},
      {"per_day_at_most", one.per_s_at_most * kDay}};
}

Json hop_json(const HopLikelihood& hop, const proofs::LikelihoodOptions& options) {
  Json races = Json::array(), rates = Json::array();
  for (const RaceLikelihood& one : hop.races)
    races.push_back(race_json(one));
  for (const double rate : other_rates(options)) {
    rates.push_back({{"requests_per_s", rate},
                     {"per_day", hits_per_s(hop.any.usual, hop.order, options, rate) * kDay}});
  }
  return {{"hop", hop.hop},
          {"pool_order", hop.order == PoolOrder::mru ? "mru" : "fifo"},
          {"races", races},
          {"any", hop.races.empty() ? Json() : race_json(hop.any)},
          {"other_rates", hop.races.empty() ? Json::array() : rates},
          {"masked_for", hop.masked_for}};
}

/// What is wrong with the load for a hop; empty when nothing is.
std::string load_refused(const proofs::LikelihoodOptions& options, PoolOrder order,
                         const std::string& hop) {
  const double busy = options.requests_per_s / options.pools * options.busy_s;
  if (busy > proofs::kBusyMax)
    return fmt::format(
        "error: --rate and --response-time keep {:.0f} connections of a pool busy; "
        "nothing is computed beyond {:.0f}\n"
        "  help: how many pools share the requests? --pools",
        busy, proofs::kBusyMax);
  if (options.connections && busy >= *options.connections)
    return fmt::format(
        "error: --rate and --response-time keep {:.3g} connections of a pool busy; "
        "--connections {} cannot serve that",
        busy, *options.connections);
  if (order == PoolOrder::fifo && !options.connections)
    return "error: the pool of " + hop +
           " takes the connection idle longest; how many it has decides how long that is\n"
           "  help: --connections N";
  return "";
}

std::vector<std::string> assumptions(const proofs::LikelihoodOptions& options) {
  return {
      fmt::format("requests come independently of each other (Poisson), {}/s on each hop{}; a "
                  "response takes {} on average, exponentially distributed",
                  number(options.requests_per_s),
                  options.pools > 1 ? fmt::format(", spread evenly over {} pools of a process for "
                                                  "one server each",
                                                  options.pools)
                                    : ", all from one pool of one process for one server",
                  format_duration(std::llround(options.busy_s * 1e6))),
      "on average, a day: delays, stalls and timers uniform between their bounds, independent of "
      "each "
      "other; window, at most: each as it loses most requests",
      "a connection ends when a request on it is lost, or when the client or the server has it "
      "idle "
      "for too long: not by age, nor by a limit of requests, nor by a shutdown",
  };
}

}  // namespace

void add_likely(CLI::App& app, int& status) {
  struct Options {
    std::string chain, format = "text", rate, response_time = "20ms";
    std::vector<std::string> races;
    unsigned connections = 0, pools = 1;
    double seconds = 10;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "likely", "how many requests a day meet the close of an idle connection, at a given rate");
  command->add_option("CHAIN", options->chain, "a chain file (docs/reference/chain.md)")
      ->required();
  command->add_option("--rate", options->rate, "requests on each hop: 50/s, 3000/min, 10/h, 5/day")
      ->required();
  command
      ->add_option("--response-time", options->response_time,
                   "how long a request keeps its connection, on average")
      ->capture_default_str();
  command
      ->add_option("--connections", options->connections,
                   "connections of a pool: at most (mru), or all the time (fifo)")
      ->check(CLI::Range(1u, 1'000'000u));
  command
      ->add_option("--pools", options->pools,
                   "pools that share the requests: processes or threads, times servers")
      ->check(CLI::Range(1u, 1'000'000u))
      ->capture_default_str();
  command->add_option("--race", options->races, "only this race; may be repeated");
  command->add_option("--max-seconds", options->seconds, "for each window, else it is undecided")
      ->check(CLI::Range(0.001, 86'400.0))
      ->capture_default_str();
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([options, &status] {
    proofs::LikelihoodOptions likely{.pools = options->pools};
    likely.limits.milliseconds = static_cast<std::int64_t>(options->seconds * 1'000);
    if (options->connections > 0) likely.connections = options->connections;
    const std::vector<const proofs::Race*> possible = proofs::reuse_races();
    for (const std::string& slug : options->races) {
      const proofs::Race* race = proofs::find_race(slug);
      if (race == nullptr && !is_property(slug) && !is_guarantee(slug)) {
        status = refuse(unknown_race(slug));
        return;
      }
      if (std::find(possible.begin(), possible.end(), race) == possible.end()) {
        std::string names;
        for (const proofs::Race* one : possible)
          names += (names.empty() ? "" : ", ") + std::string(one->slug);
        status =
            refuse("error: --race: how likely `" + slug +
                   "` is does not follow from how long connections are idle\n  help: " + names);
        return;
      }
      likely.races.push_back(race);
    }
    const std::optional<double> rate = parse_rate(options->rate);
    if (!rate) {
      status = refuse("error: --rate wants a number above 0 and a unit, for example 50/s, not `" +
                      options->rate + "`\n  help: units are /s /min /h /day");
      return;
    }
    likely.requests_per_s = *rate;
    const auto busy = deployment::parse_duration(options->response_time);
    if (!busy.value || *busy.value <= 0) {
      status = refuse("error: --response-time: `" + options->response_time +
                      "` is not a duration above 0\n  help: for example 20ms");
      return;
    }
    likely.busy_s = static_cast<double>(*busy.value) / 1e6;
    const deployment::LoadedChain loaded = deployment::load_chain(options->chain);
    if (!loaded.chain) {
      status = refuse(loaded.error.text());
      return;
    }
    const deployment::Chain& chain = *loaded.chain;
    for (std::size_t hop = 0; hop + 1 < chain.nodes.size(); ++hop) {
      const std::string wrong =
          load_refused(likely, proofs::pool_order(chain, hop),
                       chain.nodes[hop].name + "->" + chain.nodes[hop + 1].name);
      if (!wrong.empty()) {
        status = refuse(wrong);
        return;
      }
    }
    const bool colour = colour_wanted();
    std::string text;
    Json hops = Json::array();
    bool happens = false, undecided = false;
    for (std::size_t index = 0; index + 1 < chain.nodes.size(); ++index) {
      const HopLikelihood hop = likelihood(chain, index, likely);
      happens |= !hop.any.worst.windows.empty();
      undecided |= hop.undecided;
      text += hop_text(hop, chain, index, likely, colour);
      hops.push_back(hop_json(hop, likely));
    }
    const std::vector<std::string> assumed = assumptions(likely);
    if (options->format == "json") {
      text = Json{{"chain", options->chain},
                  {"requests_per_s", likely.requests_per_s},
                  {"response_time_s", likely.busy_s},
                  {"connections", likely.connections ? Json(*likely.connections) : Json()},
                  {"pools", likely.pools},
                  {"hops", hops},
                  {"assumptions", assumed}}
                 .dump(2, ' ', false, Json::error_handler_t::replace) +
             "\n";
    } else {
      text += "assumed:\n";
      for (const std::string& one : assumed)
        text += "  " + wrapped(one, 110, 4) + "\n";
    }
    status = finish(text, happens ? kHappens : undecided ? kUndecided : kHolds);
  });
}

}  // namespace halfclose::cli
