#include "runtime/io/service.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

namespace halfclose::runtime {

/// Loops that began together.
struct Service::Generation {
  Generation(const Settings& its, std::vector<std::unique_ptr<Journal>> kept)
      : settings(its), journals(std::move(kept)) {}

  Settings settings;
  std::vector<std::unique_ptr<Journal>> journals;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::thread> threads;
  std::vector<std::size_t> left;
  std::atomic<std::size_t> running{0};
};

Service::Service(std::vector<int> listeners, std::vector<Address> servers, Time grace,
                 Observer* observer)
    : listeners_(std::move(listeners)),
      servers_(std::move(servers)),
      grace_(grace),
      observer_(observer),
      over_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (over_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Service::~Service() {
  stop();
  for (const auto& generation : generations_) {
    for (std::thread& thread : generation->threads)
      thread.join();
  }
  for (const int listener : listeners_)
    close(listener);
  close(over_);
}

void Service::run(const Settings& settings, std::vector<std::unique_ptr<Journal>> journals) {
  Generation* before = generations_.empty() ? nullptr : generations_.back().get();
  std::vector<int> listeners = listeners_;
  if (before != nullptr) {
    listeners.clear();
    for (const auto& loop : before->loops)
      listeners.push_back(loop->listener());
  }
  const Shares shares = Shares::of_limit(listeners.size(), settings.connections_max);
  auto generation = std::make_unique<Generation>(settings, std::move(journals));
  for (const int listener : listeners) {
    const int its = fcntl(listener, F_DUPFD_CLOEXEC, 0);
    if (its < 0) throw std::system_error(errno, std::generic_category(), "dup");
    Journal* journal = generation->journals.empty()
                           ? nullptr
                           : generation->journals[generation->loops.size()].get();
    generation->loops.push_back(
        std::make_unique<Loop>(generation->settings, its, servers_, observer_, journal, shares));
  }
  start(*generation);
  // Both accept for a moment: no time is without somebody who does.
  if (before != nullptr) {
    for (const auto& loop : before->loops)
      loop->hand_over();
  }
  for (const int listener : std::exchange(listeners_, {}))
    close(listener);
  const std::lock_guard lock(mutex_);
  if (before != nullptr) ++gone_.reloads;
  generations_.push_back(std::move(generation));
}

/// All its threads, or none.
void Service::start(Generation& generation) {
  generation.left.resize(generation.loops.size());
  generation.threads.reserve(generation.loops.size());
  generation.running = generation.loops.size();
  try {
    for (std::size_t i = 0; i < generation.loops.size(); ++i) {
      generation.threads.emplace_back([this, i, &generation] {
        generation.left[i] = generation.loops[i]->run(grace_);
        --generation.running;
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = write(over_, &one, sizeof one);
      });
    }
  } catch (const std::system_error&) {
    for (const auto& loop : generation.loops)
      loop->hand_over();
    for (std::thread& thread : generation.threads)
      thread.join();
    throw;
  }
}

void Service::stop() {
  {
    const std::lock_guard lock(mutex_);
    gone_.draining = true;
  }
  for (const auto& generation : generations_) {
    for (const auto& loop : generation->loops)
      loop->stop();
  }
}

bool Service::reap() {
  std::uint64_t ignored;
  [[maybe_unused]] const ssize_t got = read(over_, &ignored, sizeof ignored);
  const std::lock_guard lock(mutex_);
  std::erase_if(generations_, [this](const std::unique_ptr<Generation>& one) {
    if (one->running > 0) return false;
    for (std::thread& thread : one->threads)
      thread.join();
    for (const auto& loop : one->loops)
      gone_.counters.add(loop->proxy().counters());
    for (const std::size_t left : one->left)
      left_ += left;
    return true;
  });
  return !generations_.empty();
}

Totals Service::totals() const {
  const std::lock_guard lock(mutex_);
  Totals totals = gone_;
  for (const auto& generation : generations_) {
    for (const auto& loop : generation->loops) {
      totals.counters.add(loop->proxy().counters());
      totals.gauges.add(loop->proxy().gauges());
    }
  }
  return totals;
}

}  // namespace halfclose::runtime
