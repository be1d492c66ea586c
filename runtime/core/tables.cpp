#include "runtime/core/tables.hpp"

#include "model/machine/made_once.hpp"

namespace halfclose::runtime {

namespace {

const machine::Table* exchange_table(const Settings& settings, bool method) {
  proxy::exchange::Profile profile = settings.exchange;
  profile.method = method;
  return machine::made_once(proxy::exchange::exchange_table, profile).get();
}

/// FNV-1a.
class Hash {
 public:
  void add(std::uint64_t value) {
    for (int byte = 0; byte < 8; ++byte, value >>= 8)
      state_ = (state_ ^ (value & 0xff)) * 0x100000001b3;
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325;
};

void add(Hash& hash, const machine::Table& table) {
  hash.add(table.events.size());
  for (const machine::Cell& cell : table.cells) {
    hash.add(static_cast<std::uint64_t>(cell.verdict) << 16 | cell.next);
    for (const machine::OutputId output : table.outputs_of(cell))
      hash.add(output);
  }
}

}  // namespace

Tables::Tables(const Settings& settings)
    : server(*machine::made_once(http1::server::connection_table, settings.server)),
      client(*machine::made_once(http1::client::connection_table, settings.client)),
      exchange_{exchange_table(settings, false), exchange_table(settings, true)} {}

std::uint64_t Tables::fingerprint() const {
  Hash hash;
  for (const machine::Table* table : {&server, &client, exchange_[0], exchange_[1]})
    add(hash, *table);
  return hash.value();
}

}  // namespace halfclose::runtime
