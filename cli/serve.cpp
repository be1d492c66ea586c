// halfclose serve: a reverse proxy that is a node of a chain, run by the tables that check judges.
#include "cli/access_log.hpp"
#include "cli/command.hpp"
#include "cli/recorded_node.hpp"
#include "model/deployment/chain.hpp"
#include "runtime/io/admin.hpp"
#include "runtime/io/journal_file.hpp"
#include "runtime/io/service.hpp"

#include <CLI/CLI.hpp>
#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace halfclose::cli {

namespace {

struct Options {
  std::string listen = "127.0.0.1:8080", chain, node, admin, log, record;
  std::vector<std::string> upstreams;
  unsigned threads = 1;
  std::int64_t grace = 30, connect_timeout = 5;
  std::size_t clients_max = 16'384, connections_max = 1024;
  std::uint64_t record_mib_max = 4096;
};

constexpr const char* kDefaultChain =
    "chain:\n  - { name: clients, profile: rfc9112 }\n  - { name: proxy, profile: halfclose }\n"
    "  - { name: server, profile: rfc9112 }\n";

/// The chain as text: what is judged again is what was read, whatever becomes of the file.
std::string text_of(const std::string& path) {
  if (path.empty()) return kDefaultChain;
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The node that `--node` names, or the only one that is a server and a client.
std::optional<std::size_t> node_of(const deployment::Chain& chain, const std::string& name,
                                   std::string& error) {
  std::string names;
  std::optional<std::size_t> only;
  for (std::size_t i = 1; i + 1 < chain.nodes.size(); ++i) {
    if (chain.nodes[i].name == name) return i;
    names += " " + chain.nodes[i].name;
    only = i;
  }
  if (name.empty() && chain.nodes.size() == 3) return only;
  error = names.empty() ? "error: no node of the chain has one before it and one behind it"
                        : "error: --node " +
                              (name.empty() ? "is missing" : "`" + name + "` is none of these") +
                              "\n  help: nodes that can be served:" + names;
  return std::nullopt;
}

/// What is served, and what `conform` makes the same of.
struct Site {
  runtime::Settings settings;
  std::string record;
};

/// What the options and the chain file say, read anew.
std::optional<Site> read_site(const Options& options, std::string& error) {
  deployment::LoadedChain loaded = options.chain.empty()
                                       ? deployment::parse_chain(kDefaultChain, "the default chain")
                                       : deployment::load_chain(options.chain);
  std::string chain_text;
  if (loaded.chain && !options.record.empty()) {
    chain_text = text_of(options.chain);
    loaded = deployment::parse_chain(chain_text, options.chain);
  }
  if (!loaded.chain) {
    error = loaded.error.text();
    return std::nullopt;
  }
  const auto node = node_of(*loaded.chain, options.node, error);
  if (!node) return std::nullopt;
  // Else another node would run than the one that check judges.
  std::string others;
  for (const std::string& value : runtime::unserved(*loaded.chain, *node))
    others += "\n    " + value;
  if (!others.empty()) {
    error =
        "error: node " + loaded.chain->nodes[*node].name +
        " has values that are not served\n  help: say what is, and check the chain again:" + others;
    return std::nullopt;
  }
  runtime::Settings settings = runtime::settings_of(*loaded.chain, *node);
  settings.addresses = options.upstreams.size();
  settings.connect_timeout = options.connect_timeout * 1000;
  settings.clients_max = options.clients_max;
  settings.connections_max = options.connections_max;
  std::string record;
  if (!options.record.empty())
    record = written({*node, runtime::Tables(settings).fingerprint(), chain_text});
  return Site{std::move(settings), std::move(record)};
}

/// For each loop, or none. @errors std::exception
std::vector<std::unique_ptr<runtime::Journal>> journals_of(const Options& options, const Site& site,
                                                           runtime::JournalFile* file) {
  std::vector<std::unique_ptr<runtime::Journal>> journals;
  for (unsigned i = 0; file != nullptr && i < options.threads; ++i)
    journals.push_back(file->loop(site.record));
  return journals;
}

std::optional<runtime::Address> read_address(const char* option, const std::string& text,
                                             std::string& error) {
  auto address = runtime::parse_address(text);
  if (!address)
    error = std::string("error: ") + option + " " + text +
            "\n  help: an address and a port, such as 127.0.0.1:8080 or [::1]:8080";
  return address;
}

/// Sockets that listen on one address; what is printed of it has its real port.
std::vector<int> listen_on(const std::string& text, runtime::Address& address, unsigned count,
                           std::string& error) {
  std::vector<int> listeners;
  for (unsigned i = 0; i < count; ++i) {
    const int listener = runtime::listen_on(address, count > 1);
    if (listener < 0) {
      error = "error: cannot listen on " + text + ": " + std::strerror(errno);
      for (const int one : listeners)
        close(one);
      return {};
    }
    // Port 0 is any: the other threads listen on the one that the first got.
    address = *runtime::parse_address(text.substr(0, text.rfind(':') + 1) +
                                      std::to_string(runtime::port_of(listener)));
    listeners.push_back(listener);
  }
  return listeners;
}

/// A service that runs, and what a reload of it needs.
struct Running {
  const Options& options;
  runtime::Service& service;
  AccessLog* log;
  runtime::JournalFile* journal;
  runtime::Counter& refused;
};

/// SIGHUP: settings that are wrong change nothing.
void reload(const Running& running) {
  const Options& options = running.options;
  if (running.log != nullptr && !running.log->open())
    std::fprintf(stderr, "error: cannot be written: %s: %s\n", options.log.c_str(),
                 std::strerror(errno));
  if (options.chain.empty()) {
    std::fprintf(stderr, "nothing to read again: there is no chain file\n");
    return;
  }
  std::string error;
  if (const auto site = read_site(options, error)) {
    try {
      running.service.run(site->settings, journals_of(options, *site, running.journal));
      std::fprintf(stderr, "read again: %s\n", options.chain.c_str());
      return;
    } catch (const std::exception& failed) {
      error = std::string("error: ") + failed.what();
    }
  }
  ++running.refused;
  std::fprintf(stderr, "%s\n  it is served as before\n", error.c_str());
}

/// The signals that are read from a descriptor, by all threads from now on.
int take_signals() {
  std::signal(SIGPIPE, SIG_IGN);  // a log that nobody reads must not end the proxy
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const int fd = signalfd(-1, &signals, SFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  return fd;
}

/// Until the loops are gone.
void attend(const Running& running, int signals) {
  bool stopped = false;
  do {
    pollfd wanted[] = {{.fd = signals, .events = POLLIN, .revents = 0},
                       {.fd = running.service.over(), .events = POLLIN, .revents = 0}};
    poll(wanted, std::size(wanted), -1);
    signalfd_siginfo signal{};
    if (wanted[0].revents == 0 || read(signals, &signal, sizeof signal) != sizeof signal) continue;
    if (signal.ssi_signo != SIGHUP) {
      running.service.stop();
      stopped = true;
    } else if (!stopped) {
      reload(running);
    }
  } while (running.service.reap());
}

/// As many descriptors as are allowed at all: the limit that is usual is for select(2).
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

runtime::Admin::Page page_of(std::string_view path, const runtime::Service& service,
                             const runtime::Counter& refused) {
  if (path != "/metrics" && path != "/healthz") return {};
  runtime::Totals totals = service.totals();
  if (path == "/healthz")
    return {.status = totals.draining ? 503u : 200u,
            .content = totals.draining ? "draining\n" : "ok\n"};
  totals.reloads_refused = refused;
  return {.status = 200,
          .type = "text/plain; version=0.0.4; charset=utf-8",
          .content = metrics_text(totals)};
}

int serve(const Options& options) {
  std::string error;
  const auto site = read_site(options, error);
  if (!site) return refuse(error);
  auto bound = read_address("--listen", options.listen, error);
  if (!bound) return refuse(error);
  std::optional<runtime::Address> admin_bound;
  if (!options.admin.empty()) {
    admin_bound = read_address("--admin", options.admin, error);
    if (!admin_bound) return refuse(error);
  }
  std::vector<runtime::Address> servers;
  for (const std::string& text : options.upstreams) {
    const auto address = read_address("--upstream", text, error);
    if (!address) return refuse(error);
    servers.push_back(*address);
  }
  std::optional<AccessLog> log;
  if (!options.log.empty() && !log.emplace(options.log).open())
    return refuse("error: cannot be written: " + options.log + ": " + std::strerror(errno));
  std::optional<runtime::JournalFile> journal;
  std::vector<std::unique_ptr<runtime::Journal>> journals;
  if (!options.record.empty()) {
    try {
      journal.emplace(options.record, options.record_mib_max << 20);
      journals = journals_of(options, *site, &*journal);
    } catch (const std::exception& failed) {
      return refuse("error: --record " + options.record + ": " + failed.what());
    }
  }

  try {
    raise_descriptor_limit();
    const int signals = take_signals();
    std::vector<int> listeners = listen_on(options.listen, *bound, options.threads, error);
    if (listeners.empty()) return refuse(error);
    runtime::Service service(std::move(listeners), std::move(servers), options.grace * 1000,
                             log ? &*log : nullptr);
    runtime::Counter refused;
    std::optional<runtime::Admin> admin;
    if (admin_bound) {
      const auto listener = listen_on(options.admin, *admin_bound, 1, error);
      if (listener.empty()) return refuse(error);
      admin.emplace(listener.front(),
                    [&](std::string_view path) { return page_of(path, service, refused); });
    }
    service.run(site->settings, std::move(journals));
    std::fprintf(stderr, "listening on %s\n", bound->text.c_str());
    if (admin) std::fprintf(stderr, "admin on %s\n", admin_bound->text.c_str());
    attend({options, service, log ? &*log : nullptr, journal ? &*journal : nullptr, refused},
           signals);
    if (service.left() > 0)
      std::fprintf(stderr, "the grace is over: %zu clients were still connected\n", service.left());
  } catch (const std::system_error& failed) {
    return refuse(std::string("error: ") + failed.what());
  }
  if (log) log->rest();
  if (journal && !journal->fault().empty())
    std::fprintf(stderr, "steps are missing at the end of %s: %s\n", options.record.c_str(),
                 journal->fault().c_str());
  return kHolds;
}

}  // namespace

void add_serve(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("serve", "a reverse proxy, run by the tables that check judges");
  command->add_option("CHAIN", options->chain,
                      "a chain file: serve one of its nodes; without it, the profile halfclose");
  command->add_option("--node", options->node, "the node, when more than one could be served");
  command->add_option("--listen", options->listen, "address and port")->capture_default_str();
  command
      ->add_option("--upstream", options->upstreams,
                   "address and port of a server; may be repeated")
      ->allow_extra_args(false)  // else it would take the chain behind it, too
      ->required();
  command->add_option("--threads", options->threads, "independent loops that share the port")
      ->check(CLI::Range(1u, 256u))
      ->capture_default_str();
  command->add_option("--grace", options->grace, "seconds for clients to finish after SIGTERM")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{86'400}))
      ->capture_default_str();
  command
      ->add_option("--connect-timeout", options->connect_timeout,
                   "seconds that a connection to a server may take")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{3600}))
      ->capture_default_str();
  command->add_option("--max-clients", options->clients_max, "connections of clients, per thread")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->capture_default_str();
  command
      ->add_option("--max-connections", options->connections_max,
                   "connections to servers, per thread")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->capture_default_str();
  command->add_option("--admin", options->admin,
                      "address and port of /metrics and /healthz; not for the world");
  command->add_option("--log", options->log, "access log: a file, or - for standard output");
  command->add_option("--record", options->record,
                      "write every step of the machines, for `halfclose conform`");
  command->add_option("--max-record", options->record_mib_max, "MiB that --record may write")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 24))
      ->capture_default_str();
  command->callback([options, &status] { status = serve(*options); });
}

}  // namespace halfclose::cli
