// halfclose serve: a reverse proxy that is a node of a chain, run by the tables that check judges.
#include "cli/command.hpp"
#include "cli/recorded_node.hpp"
#include "model/deployment/chain.hpp"
#include "runtime/io/journal_file.hpp"
#include "runtime/io/loop.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace halfclose::cli {

namespace {

struct Options {
  std::string listen = "127.0.0.1:8080", chain, node, log, record;
  std::vector<std::string> upstreams;
  unsigned threads = 1;
  std::int64_t grace = 30, connect_timeout = 5;
  std::size_t clients_max = 16'384, connections_max = 1024;
  std::uint64_t record_mib_max = 4096;
};

constexpr const char* kDefaultChain =
    "chain:\n  - { name: clients, profile: rfc9112 }\n  - { name: proxy, profile: halfclose }\n"
    "  - { name: server, profile: rfc9112 }\n";

/// One line a request, in the order in which they are over.
class AccessLog final : public runtime::Observer {
 public:
  explicit AccessLog(std::FILE* file) : file_(file) {}
  void over(const runtime::RequestRecord& record) override {
    char line[512];
    const auto cut = [](std::string_view text, std::size_t most) {
      return static_cast<int>(std::min(text.size(), most));
    };
    const auto said = [](std::string_view text) { return text.empty() ? "-" : text; };
    const std::string_view method = said(record.method), target = said(record.target),
                           failure = said(record.failure);
    const int size = std::snprintf(
        line, sizeof line, "%lld %.*s %.*s %u %llu %lldms %s retries=%u %.*s\n",
        static_cast<long long>(std::time(nullptr)), cut(method, 32), method.data(),
        cut(target, 300), target.data(), record.status,
        static_cast<unsigned long long>(record.sent),
        static_cast<long long>(record.ended - record.began), record.reused ? "reused" : "new",
        record.retries, cut(failure, 8), failure.data());
    const std::lock_guard lock(mutex_);
    dirty_ = true;
    std::fwrite(line, 1, std::min(sizeof line - 1, static_cast<std::size_t>(size)), file_);
  }
  void rest() override {
    const std::lock_guard lock(mutex_);
    if (std::exchange(dirty_, false)) std::fflush(file_);
  }

 private:
  std::FILE* file_;
  std::mutex mutex_;
  bool dirty_ = false;
};

std::vector<std::unique_ptr<runtime::Loop>>* running = nullptr;
void stop_all(int) {
  for (const auto& loop : *running)
    loop->stop();
}

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

int serve(const Options& options) {
  deployment::LoadedChain loaded = options.chain.empty()
                                       ? deployment::parse_chain(kDefaultChain, "the default chain")
                                       : deployment::load_chain(options.chain);
  std::string chain_text;
  if (loaded.chain && !options.record.empty()) {
    chain_text = text_of(options.chain);
    loaded = deployment::parse_chain(chain_text, options.chain);
  }
  if (!loaded.chain) return refuse(loaded.error.text());
  std::string error;
  const auto node = node_of(*loaded.chain, options.node, error);
  if (!node) return refuse(error);
  const auto listen = runtime::parse_address(options.listen);
  if (!listen)
    return refuse("error: --listen " + options.listen +
                  "\n  help: an address and a port, such as 127.0.0.1:8080 or [::1]:8080");
  std::vector<runtime::Address> servers;
  for (const std::string& text : options.upstreams) {
    const auto address = runtime::parse_address(text);
    if (!address)
      return refuse("error: --upstream " + text +
                    "\n  help: an address and a port, such as 127.0.0.1:8080 or [::1]:8080");
    servers.push_back(*address);
  }
  // Else another node would run than the one that check judges.
  std::string others;
  for (const std::string& value : runtime::unserved(*loaded.chain, *node))
    others += "\n    " + value;
  if (!others.empty())
    return refuse(
        "error: node " + loaded.chain->nodes[*node].name +
        " has values that are not served\n  help: say what is, and check the chain again:" +
        others);
  runtime::Settings settings = runtime::settings_of(*loaded.chain, *node);
  settings.addresses = servers.size();
  settings.connect_timeout = options.connect_timeout * 1000;
  settings.clients_max = options.clients_max;
  settings.connections_max = options.connections_max;

  std::FILE* file = options.log.empty()  ? nullptr
                    : options.log == "-" ? stdout
                                         : std::fopen(options.log.c_str(), "a");
  if (!options.log.empty() && file == nullptr)
    return refuse("error: cannot be written: " + options.log + ": " + std::strerror(errno));
  AccessLog log(file);

  std::unique_ptr<runtime::JournalFile> journal;
  std::vector<std::unique_ptr<runtime::Journal>> journals;
  if (!options.record.empty()) {
    try {
      journal =
          std::make_unique<runtime::JournalFile>(options.record, options.record_mib_max << 20);
      const std::string node_text =
          written({*node, runtime::Tables(settings).fingerprint(), chain_text});
      for (unsigned i = 0; i < options.threads; ++i)
        journals.push_back(journal->loop(node_text));
    } catch (const std::exception& failed) {
      return refuse("error: --record " + options.record + ": " + failed.what());
    }
  }

  std::vector<std::unique_ptr<runtime::Loop>> loops;
  runtime::Address bound = *listen;
  try {
    for (unsigned i = 0; i < options.threads; ++i) {
      const int listener = runtime::listen_on(bound, options.threads > 1);
      if (listener < 0)
        return refuse("error: cannot listen on " + options.listen + ": " + std::strerror(errno));
      // Port 0 is any: the other threads listen on the one that the first got.
      bound = *runtime::parse_address(options.listen.substr(0, options.listen.rfind(':') + 1) +
                                      std::to_string(runtime::port_of(listener)));
      loops.push_back(std::make_unique<runtime::Loop>(settings, listener, servers,
                                                      file != nullptr ? &log : nullptr,
                                                      journal ? journals[i].get() : nullptr));
    }
  } catch (const std::system_error& failed) {
    return refuse(std::string("error: ") + failed.what());
  }
  running = &loops;
  const auto on_signals = [](void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
  };
  on_signals(stop_all);
  std::fprintf(stderr, "listening on %s\n", bound.text.c_str());

  std::size_t left = 0;
  std::vector<std::thread> threads;
  std::vector<std::size_t> remained(loops.size(), 0);
  for (std::size_t i = 1; i < loops.size(); ++i)
    threads.emplace_back([&, i] { remained[i] = loops[i]->run(options.grace * 1000); });
  remained[0] = loops[0]->run(options.grace * 1000);
  for (std::thread& thread : threads)
    thread.join();
  on_signals(SIG_DFL);  // the loops are about to go
  for (const std::size_t count : remained)
    left += count;
  if (file != nullptr) {
    log.rest();
    if (file != stdout) std::fclose(file);
  }
  if (journal && !journal->fault().empty())
    std::fprintf(stderr, "steps are missing at the end of %s: %s\n", options.record.c_str(),
                 journal->fault().c_str());
  if (left > 0) std::fprintf(stderr, "the grace is over: %zu clients were still connected\n", left);
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
  command->add_option("--log", options->log, "access log: a file, or - for standard output");
  command->add_option("--record", options->record,
                      "write every step of the machines, for `halfclose conform`");
  command->add_option("--max-record", options->record_mib_max, "MiB that --record may write")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 24))
      ->capture_default_str();
  command->callback([options, &status] { status = serve(*options); });
}

}  // namespace halfclose::cli
