// The loops of a process, each in a thread of its own, and those that drain since others took over
// from them: a reload without a lost request.
#pragma once

#include "runtime/core/metrics.hpp"
#include "runtime/io/address.hpp"
#include "runtime/io/loop.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace halfclose::runtime {

class Service {
 public:
  /// @param listeners  one for each loop, the service's from now on
  /// @param servers    as many as the addresses of each settings
  /// @param grace      how long loops that leave wait for their clients
  /// @param observer   may be null; is told by all threads, and outlives this
  /// @errors std::system_error when an eventfd cannot be had
  Service(std::vector<int> listeners, std::vector<Address> servers, Time grace,
          Observer* observer = nullptr);
  /// Waits for all loops, as after `stop`.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// New loops take over the listening sockets, with whoever waits there; those before them
  /// announce, drain and go.
  /// @param journals  one for each loop, or none
  /// @errors std::system_error when there is no room for them; those before go on
  /// @pre stop was not called
  void run(const Settings& settings, std::vector<std::unique_ptr<Journal>> journals = {});
  /// All loops accept who waits, and then go.
  void stop();

  /// Readable when a loop is over.
  int over() const { return over_; }
  /// Lets go of the loops that are over. @return whether any is left
  bool reap();
  /// Clients that were still connected when the grace of their loops was over.
  std::size_t left() const { return left_; }

  /// What all loops did so far. From any thread.
  Totals totals() const;

 private:
  struct Generation;
  void start(Generation& generation);

  std::vector<int> listeners_;  ///< until the first loops have them
  std::vector<Address> servers_;
  Time grace_;
  Observer* observer_;
  int over_;
  std::size_t left_ = 0;

  mutable std::mutex mutex_;                              ///< of what `totals` reads
  std::vector<std::unique_ptr<Generation>> generations_;  ///< the last one is the one that accepts
  Totals gone_;                                           ///< of loops that are over
};

}  // namespace halfclose::runtime
