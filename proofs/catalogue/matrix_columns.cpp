#include "proofs/catalogue/matrix_columns.hpp"

#include "proofs/catalogue/mitigations.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace halfclose::proofs {

using namespace deployment;

namespace {

using Words = std::vector<std::string>;

Role& client_role(Chain& chain, std::size_t index) {
  return *chain.nodes[index].client;
}
const Value& client_value(const Chain& chain, std::size_t index, std::string_view key) {
  return chain.nodes[index].client->at(key);
}

/// As if the chain had said so: through the parser of its values.
bool set(Role& role, std::string_view name, const Words& scalars) {
  for (const Key& key : client_keys()) {
    if (key.name != name) continue;
    ParsedValue parsed = parse_value(key, scalars, scalars.size() > 1);
    if (!parsed.ok)
      throw std::logic_error("a column sets " + std::string(name) + ": " + parsed.rule);
    parsed.value.origin = Origin::chain;
    Value& value = role.values.find(name)->second;
    if (value.text == parsed.value.text) return false;
    value = std::move(parsed.value);
    return true;
  }
  throw std::logic_error("a column sets the unknown key " + std::string(name));
}

const Words kIdempotent = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};

bool has_word(const Value& value, std::string_view word) {
  return std::find(value.words.begin(), value.words.end(), word) != value.words.end();
}

/// What it retries already, and a reset.
Words with_reset(const Value& on) {
  Words words;
  for (const std::string& word : on.words) {
    if (word != "none") words.push_back(word);
  }
  if (!has_word(on, "reset")) words.push_back("reset");
  return words;
}

bool retry(Chain& chain, std::size_t index, const Words& methods) {
  Role& role = client_role(chain, index);
  bool changed = false;
  if (!has_word(role.at("retry.on"), "reset"))
    changed |= set(role, "retry.on", with_reset(role.at("retry.on")));
  if (role.at("retry.tries").count < 1) changed |= set(role, "retry.tries", {"1"});
  return set(role, "retry.methods", methods) || changed;
}

bool retry_idempotent(Chain& chain, std::size_t index) {
  const Value methods = client_value(chain, index, "retry.methods");
  // A policy that retries a part of them is safe already: it keeps its methods.
  const bool safe =
      !methods.words.empty() &&
      std::all_of(methods.words.begin(), methods.words.end(), [](const auto& method) {
        return std::find(kIdempotent.begin(), kIdempotent.end(), method) != kIdempotent.end();
      });
  return retry(chain, index, safe && retries(chain, index) ? methods.words : kIdempotent);
}
bool retry_all(Chain& chain, std::size_t index) {
  return retry(chain, index, {"all"});
}
/// Where nothing is retried yet, the safe retry on a new connection.
bool retry_fresh(Chain& chain, std::size_t index) {
  const bool begun = !retries(chain, index) && retry_idempotent(chain, index);
  return set(client_role(chain, index), "retry.fresh_connection", {"true"}) || begun;
}
bool retry_free(Chain& chain, std::size_t index) {
  const bool begun = !retries(chain, index) && retry_idempotent(chain, index);
  return set(client_role(chain, index), "retry.reused_is_free", {"true"}) || begun;
}
bool retry_unwritten(Chain& chain, std::size_t index) {
  Role& role = client_role(chain, index);
  bool changed = set(role, "retry.on", {"unwritten"});
  if (role.at("retry.tries").count < 1) changed |= set(role, "retry.tries", {"1"});
  return changed;
}
bool no_retry(Chain& chain, std::size_t index) {
  return retries(chain, index) && set(client_role(chain, index), "retry.on", {"none"});
}
bool attach_later(Chain& chain, std::size_t index) {
  return set(client_role(chain, index), "attach", {"next-loop"});
}

bool order_idle(HopSettings& hop) {
  if (hop.server.idle >= kOff || hop.client.idle <= hop.server.idle / 2) return false;
  hop.client.idle = hop.server.idle / 2;
  return true;
}
bool announce_idle(HopSettings& hop) {
  if (hop.server.idle >= kOff || hop.server.profile.idle_drains) return false;
  constexpr Time kDrain = 5'000'000;
  hop.server.profile.idle_drains = true;
  if (hop.server.drain >= kOff) hop.server.drain = kDrain;
  return true;
}

std::vector<MatrixColumn> all_columns() {
  std::vector<MatrixColumn> all;
  for (const Mitigation& mitigation : mitigations())
    all.push_back({mitigation.slug, mitigation.text, nullptr, mitigation.apply});
  const MatrixColumn more[] = {
      {"order-idle", "keep {client}'s idle timeout at half of {server}'s", nullptr, order_idle},
      {"announce-idle",
       "have {server} answer with the close option for a while before an idle close (`idle_close: "
       "drain-then-close`, 5s unless it says)",
       nullptr, announce_idle},
      {"attach-later",
       "have {client} look at a connection again before a waiting request gets it (`attach: "
       "next-loop`)",
       attach_later},
      {"retry-idempotent",
       "have {client} retry idempotent methods only, on a reset (`retry.on`, `retry.methods`)",
       retry_idempotent},
      {"retry-all", "have {client} retry every method on a reset (`retry.methods: all`)",
       retry_all},
      {"retry-fresh",
       "have {client} retry on a new connection (`retry.fresh_connection: true`), idempotent "
       "methods unless it says",
       retry_fresh},
      {"retry-free",
       "let a failure on a used connection cost no try (`retry.reused_is_free: true`), idempotent "
       "methods unless it says",
       retry_free},
      {"retry-unwritten",
       "have {client} retry only what was never written (`retry.on: [unwritten]`)",
       retry_unwritten},
      {"no-retry", "have {client} retry nothing (`retry.on: [none]`)", no_retry},
  };
  for (const MatrixColumn& column : more) {
    const auto known = std::find_if(all.begin(), all.end(), [&](const MatrixColumn& other) {
      return other.slug == column.slug;
    });
    if (known == all.end()) {
      all.push_back(column);
    } else {
      known->edit = column.edit;
    }
  }
  return all;
}

}  // namespace

const std::vector<MatrixColumn>& matrix_columns() {
  static const std::vector<MatrixColumn> all = all_columns();
  return all;
}

bool retries(const Chain& chain, std::size_t index) {
  const Value& on = client_value(chain, index, "retry.on");
  return !on.words.empty() && !has_word(on, "none") &&
         (client_value(chain, index, "retry.tries").count > 0 ||
          client_value(chain, index, "retry.reused_is_free").flag);
}

}  // namespace halfclose::proofs
