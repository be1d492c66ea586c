#include "proofs/catalogue/product_hops.hpp"

#include "model/deployment/chain.hpp"
#include "model/deployment/hop_system.hpp"

#include <stdexcept>

namespace halfclose::proofs {

namespace {

/// A hop of the chain `client` to `server`, each a node without its name: `profile: envoy, ...`.
NamedSystem hop(std::string_view name, std::string_view about, const std::string& client,
                const std::string& server, bool with_shutdown = false,
                const std::string& requests = {}) {
  const std::string chain = "chain:\n  - { name: client, " + client + " }\n  - { name: server, " +
                            server + " }\n" + requests;
  return {name, about, [name, chain, with_shutdown] {
            const deployment::LoadedChain loaded =
                deployment::parse_chain(chain, std::string(name));
            if (!loaded.chain) throw std::logic_error(loaded.error.text());
            deployment::HopSettings settings = deployment::hop_settings(*loaded.chain, 0);
            settings.with_shutdown = with_shutdown;
            return deployment::hop_system(settings);
          }};
}

}  // namespace

const std::vector<NamedSystem>& product_hops() {
  static const std::vector<NamedSystem> all = {
      hop("hop/rfc9112", "two nodes of the bare standard; the client does not pipeline",
          "profile: rfc9112, upstream: { idle_timeout: 60s, pipelining: false }",
          "profile: rfc9112, downstream: { idle_timeout: 60s }"),
      hop("hop/pipelined", "a client that pipelines, a server that limits requests",
          "profile: rfc9112, upstream: { pipelining: true }",
          "profile: rfc9112, downstream: { max_requests: 100 }"),
      hop("hop/discards", "a client whose kernel drops what it has not read when a RST comes",
          "profile: rfc9112, upstream: { receive_queue_after_rst: discarded, pipelining: false }",
          "profile: rfc9112, downstream: { early_response: close }"),
      hop("hop/says-408", "a server that says 408 before it closes an idle connection",
          "profile: rfc9112, upstream: { idle_timeout: 60s, pipelining: false }",
          "profile: rfc9112, downstream: { idle_timeout: 60s, idle_408: true }"),
      hop("hop/alb-envoy", "an ALB as the client of Envoy, which limits a connection's age",
          "profile: aws-alb, upstream: { idle_timeout: 60s }",
          "profile: envoy, downstream: { idle_timeout: 1h, max_connection_duration: 10m }"),
      hop("hop/slow-envoy", "a client that stalls for longer than Envoy delays its close",
          "profile: rfc9112, upstream: { loop_stall: 2s, pipelining: false }",
          "profile: envoy, downstream: { max_requests: 100, close_timeout: 1s }"),
      hop("hop/alb-nginx-shutdown", "an ALB as the client of nginx, which may reload at any moment",
          "profile: aws-alb", "profile: nginx", true),
      hop("hop/shutdown-bare", "a server that may shut down; requests have no content",
          "profile: rfc9112, upstream: { pipelining: false }",
          "profile: rfc9112, downstream: { idle_timeout: 60s }", true,
          "requests: { with_body: false }\n"),
      hop("hop/nginx-go", "nginx as the client of a Go server", "profile: nginx",
          "profile: go-server, downstream: { idle_timeout: 60s }"),
      hop("hop/haproxy-gunicorn", "HAProxy 3 as the client of gunicorn", "profile: haproxy-3",
          "profile: gunicorn"),
      hop("hop/go-haproxy-3", "Go as the client of HAProxy 3", "profile: go-transport",
          "profile: haproxy-3"),
      hop("hop/curl-apache", "curl, which peeks before it reuses, and Apache", "profile: curl",
          "profile: apache"),
      hop("hop/undici-uvicorn",
          "undici as the client of uvicorn, whose timer runs while it flushes", "profile: undici",
          "profile: uvicorn"),
      hop("hop/single-use", "a server that serves one request per connection",
          "profile: rfc9112, upstream: { pipelining: false }",
          "profile: rfc9112, downstream: { max_requests: 1 }"),
  };
  return all;
}

const std::vector<const NamedSystem*>& provable_systems() {
  static const std::vector<const NamedSystem*> all = [] {
    std::vector<const NamedSystem*> both;
    for (const auto* systems : {&named_systems(), &product_hops()}) {
      for (const NamedSystem& system : *systems)
        both.push_back(&system);
    }
    return both;
  }();
  return all;
}

const NamedSystem* find_provable_system(std::string_view name) {
  for (const NamedSystem* system : provable_systems()) {
    if (system->name == name) return system;
  }
  return nullptr;
}

}  // namespace halfclose::proofs
