// A pool of connections as a discrete-event simulation: one run of the hop's System for each
// connection, with delays, stalls and timers drawn between their bounds.
//
// Shares nothing with proofs/likelihood but the System: no window, no passage. Requests are
// Poisson, the server answers after an exponential time, the pool hands out what lies on top of its
// stack, or what was idle longest.
#pragma once

#include "model/deployment/hop_system.hpp"
#include "proofs/catalogue/catalogue.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <queue>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace halfclose::test {

struct SimulatedLoad {
  double requests_per_s = 0, answer_s = 0;
  bool fifo = false;
  /// Connections that are opened at first, and again when fewer are left, each with a request that
  /// is not counted.
  unsigned kept = 0;
  std::uint64_t requests = 0;
  std::uint64_t seed = 0;
};

struct SimulatedPool {
  std::uint64_t requests = 0, lost = 0, opened = 0;
  double seconds = 0;
  double busy_s = 0;  ///< how long a request kept its connection, on average
};

class PoolSimulation {
 public:
  PoolSimulation(deployment::HopSettings settings, std::uint64_t goals, const SimulatedLoad& load)
      : settings_(plain(std::move(settings))),
        system_(hop_system(settings_)),
        goals_(goals),
        load_(load),
        random_(load.seed) {
    for (system::Index i = 0; i < system_.choices.size(); ++i) {
      const std::string& name = system_.choices[i].name;
      if (name == settings_.client.name + " sends a request") asks_ = i;
      if (name == settings_.server.name + " answers") answers_ = i;
    }
  }

  SimulatedPool run() {
    std::exponential_distribution<double> gap(load_.requests_per_s / 1e6);
    while (open_ < load_.kept)
      warm();
    double next = gap(random_);
    while (made_.requests < load_.requests) {
      while (!due_.empty() && due_.top().at <= next)
        advance();
      now_ = next;
      arrive();
      next += gap(random_);
    }
    made_.seconds = now_ / 1e6;
    made_.busy_s = freed_ > 0 ? busy_us_ / freed_ / 1e6 : 0;
    return made_;
  }

 private:
  struct Connection {
    system::State state;
    std::vector<double> due;  ///< of the clocks of the state
    double answer_at = -1, asked_at = 0;
    std::uint64_t version = 0;
    bool pooled = false;
  };
  struct Due {
    double at;
    std::uint64_t version;
    std::shared_ptr<Connection> connection;
    bool operator<(const Due& other) const { return at > other.at; }
  };

  static deployment::HopSettings plain(deployment::HopSettings settings) {
    settings.with_body = false;
    settings.responses_fit = true;
    return settings;
  }
  double uniform(double lo, double hi) {
    return lo + (hi - lo) * std::uniform_real_distribution<double>(0, 1)(random_);
  }
  bool is(const Connection& connection, const char* state) const {
    const auto& client = system_.components[deployment::hop::client];
    return client.table->state_name(system_.local(connection.state, deployment::hop::client)) ==
           state;
  }

  void arrive() {
    made_.requests++;
    std::shared_ptr<Connection> taken;
    if (idle_.empty()) {
      taken = open();
    } else {
      taken = load_.fifo ? idle_.front() : idle_.back();
    }
    ask(taken);
  }
  std::shared_ptr<Connection> open() {
    made_.opened++;
    open_++;
    auto fresh = std::make_shared<Connection>();
    fresh->state = system_.initial();
    return fresh;
  }
  void warm() { ask(open()); }
  void ask(const std::shared_ptr<Connection>& connection) {
    connection->asked_at = now_;
    step(connection, {system::Stimulus::Kind::choose, asks_});
  }

  void advance() {
    const Due first = due_.top();
    due_.pop();
    if (first.version != first.connection->version) return;
    now_ = first.at;
    double at = 0;
    step(first.connection, next(*first.connection, at));
  }

  /// The next thing that happens on a connection, and when.
  system::Stimulus next(const Connection& connection, double& at) {
    system_.enabled(connection.state, enabled_);
    system_.clocks(connection.state, clocks_);
    system::Stimulus best{};
    at = -1;
    auto consider = [&](double when, system::Stimulus stimulus) {
      when = std::max(when, now_);
      if (at >= 0 && when >= at) return;
      at = when;
      best = stimulus;
    };
    for (const system::Stimulus stimulus : enabled_) {
      if (stimulus.kind == system::Stimulus::Kind::choose) {
        if (stimulus.index == answers_) consider(connection.answer_at, stimulus);
        continue;
      }
      const int clock = system_.clock_of(clocks_, stimulus);
      consider(clock < 0 ? now_ : connection.due[static_cast<std::size_t>(clock)], stimulus);
    }
    return best;
  }

  void step(const std::shared_ptr<Connection>& connection, system::Stimulus stimulus) {
    system_.step(connection->state, stimulus, result_);
    system_.clocks(result_.state, clocks_);
    std::vector<double> due;
    for (std::size_t i = 0; i < clocks_.size(); ++i) {
      const std::int16_t origin = result_.clock_origins[i];
      due.push_back(origin == system::kFresh
                        ? now_ + std::max(0.0, uniform(static_cast<double>(clocks_[i].lo),
                                                       static_cast<double>(clocks_[i].hi)))
                        : connection->due[static_cast<std::size_t>(origin)]);
    }
    connection->due = std::move(due);
    connection->state = result_.state;
    connection->version++;
    if (result_.emitted & goals_) made_.lost++;
    if (stimulus.kind == system::Stimulus::Kind::choose && stimulus.index == answers_)
      connection->answer_at = -1;
    system_.enabled(connection->state, enabled_);
    for (const system::Stimulus one : enabled_) {
      if (one.kind == system::Stimulus::Kind::choose && one.index == answers_ &&
          connection->answer_at < 0) {
        connection->answer_at =
            now_ + std::exponential_distribution<double>(1 / (load_.answer_s * 1e6))(random_);
      }
    }
    const bool pooled = is(*connection, "ready"), over = is(*connection, "closed");
    if (pooled && !connection->pooled) {
      idle_.push_back(connection);
      busy_us_ += now_ - connection->asked_at;
      freed_++;
    }
    if (!pooled && connection->pooled) std::erase(idle_, connection);
    connection->pooled = pooled;
    if (over) {
      connection->version++;  // whatever the server still does
      open_--;
      if (open_ < load_.kept) warm();
      return;
    }
    double at = 0;
    next(*connection, at);
    if (at >= 0) due_.push({at, connection->version, connection});
  }

  deployment::HopSettings settings_;
  system::System system_;
  std::uint64_t goals_;
  SimulatedLoad load_;
  std::mt19937_64 random_;
  system::Index asks_ = 0, answers_ = 0;
  std::deque<std::shared_ptr<Connection>> idle_;
  std::priority_queue<Due> due_;
  SimulatedPool made_;
  double now_ = 0, busy_us_ = 0;
  std::uint64_t freed_ = 0;
  unsigned open_ = 0;
  system::StepResult result_;
  std::vector<system::Stimulus> enabled_;
  std::vector<system::Clock> clocks_;
};

}  // namespace halfclose::test
