// The text for Prometheus (runtime/core/metrics.hpp): it is what it should be, and says each
// number.
#include "runtime/core/metrics.hpp"

#include "property_tests/runtime/prometheus_text.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <thread>

using namespace halfclose::runtime;
using halfclose::property_tests::read_prometheus;

TEST_CASE("runtime metrics: every number is said, under a name of its own", "[runtime]") {
  // Each counter has another value, wherever it stands.
  constexpr std::size_t kCount = sizeof(Counters) / sizeof(Counter);
  Totals totals;
  auto* counters = reinterpret_cast<Counter*>(&totals.counters);
  for (std::size_t i = 0; i < kCount; ++i)
    counters[i] = 1'000 + i;
  totals.gauges = {.clients = 1, .servers = 2, .pooled = 3, .waiting = 4};
  totals.reloads = 5;
  totals.reloads_refused = 6;
  totals.draining = true;
  auto said = read_prometheus(metrics_text(totals));
  CHECK(said["halfclose_clients_accepted_total"] == totals.counters.clients_accepted);
  CHECK(said["halfclose_upstream_failures_total{reason=\"reset\"}"] ==
        totals.counters.failed_reset);
  CHECK(said["halfclose_connection_resets_total{side=\"client\",state=\"lingering\"}"] ==
        totals.counters.client_resets[halfclose::machine::state_id<
            halfclose::http1::server::ServerConnection, halfclose::http1::server::Lingering>()]);
  CHECK(said["halfclose_open_connections{side=\"client\"}"] == 1);
  CHECK(said["halfclose_open_connections{side=\"server\"}"] == 2);
  CHECK(said["halfclose_pooled_connections"] == 3);
  CHECK(said["halfclose_waiting_requests"] == 4);
  CHECK(said["halfclose_reloads_total{result=\"taken\"}"] == 5);
  CHECK(said["halfclose_reloads_total{result=\"refused\"}"] == 6);
  CHECK(said["halfclose_draining"] == 1);
  std::set<std::uint64_t> values;
  for (const auto& [series, value] : said)
    values.insert(value);
  for (std::size_t i = 0; i < kCount; ++i)
    CHECK(values.contains(1'000 + i));

  Totals twice;
  twice.counters.add(totals.counters);
  twice.counters.add(totals.counters);
  twice.gauges.add(totals.gauges);
  for (const auto& [series, value] : read_prometheus(metrics_text(twice)))
    CHECK((value == 2 * said[series] || value <= 4));
}

TEST_CASE("runtime metrics: the reference has each family, as it is", "[runtime][docs]") {
  std::ostringstream page;
  page << std::ifstream(HALFCLOSE_SOURCE_DIR "/docs/reference/metrics.md").rdbuf();
  std::istringstream text(metrics_text({}));
  std::string line, name, help, rows;
  while (std::getline(text, line)) {
    if (line.starts_with("# HELP ")) {
      const std::size_t space = line.find(' ', 7);
      name = line.substr(7, space - 7);
      help = line.substr(space + 1);
    } else if (line.starts_with("# TYPE ")) {
      rows += "| `" + name + "` | " + line.substr(line.rfind(' ') + 1) + " | " + help + " |\n";
    }
  }
  CHECK_THAT(page.str(), Catch::Contains("|---|---|---|\n" + rows + "\n"));
}

TEST_CASE("runtime metrics: the reader of these tests takes nothing else", "[runtime]") {
  const std::string family = "# HELP halfclose_a_total Help\n# TYPE halfclose_a_total counter\n";
  CHECK(read_prometheus(family + "halfclose_a_total{k=\"v\"} 1\n").size() == 1);
  for (const std::string& wrong :
       {family, family + "halfclose_a_total 1", family + "halfclose_a_total -1\n",
        family + "halfclose_b_total 1\n", family + "halfclose_a_total{} 1\n",
        family + "halfclose_a_total{k=v} 1\n",
        family + "halfclose_a_total 1\nhalfclose_a_total 1\n",
        family + "halfclose_a_total 1\n" + family + "halfclose_a_total{k=\"v\"} 1\n",
        std::string("halfclose_a_total 1\n"), std::string("# HELP a A\n# TYPE a gauge\na 1\n"),
        std::string("# HELP halfclose_a A\n# TYPE halfclose_a counter\nhalfclose_a 1\n")}) {
    INFO(wrong);
    bool refused = false;
    try {
      read_prometheus(wrong);
    } catch (const std::runtime_error&) {
      refused = true;
    }
    CHECK(refused);
  }
}

TEST_CASE("runtime metrics: a counter is read while another thread counts", "[runtime]") {
  Counter counter;
  std::thread writer([&] {
    for (int i = 0; i < 100'000; ++i)
      ++counter;
  });
  for (std::uint64_t seen = 0; seen < 100'000;) {
    const std::uint64_t now = counter;
    REQUIRE(now >= seen);
    seen = now;
  }
  writer.join();
  CHECK(counter == 100'000);
}
