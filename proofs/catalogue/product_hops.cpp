#include "proofs/catalogue/product_hops.hpp"

#include "model/deployment/chain.hpp"
#include "model/deployment/hop_system.hpp"
#include "proofs/catalogue/catalogue.hpp"

#include <stdexcept>

namespace halfclose::proofs {

namespace {

struct Also {
  Needs needs = Needs::nothing;
  std::string link{};      ///< `delay: 1ms, ...`
  std::string requests{};  ///< `with_body: false`
};

/// A hop of the chain `client` to `server`, each a node without its name: `profile: envoy, ...`.
NamedSystem hop(std::string_view name, std::string_view about, const std::string& client,
                const std::string& server, const Also& also = {}) {
  auto braced = [](const char* key, const std::string& text) {
    return text.empty() ? "" : key + (": { " + text + " }\n");
  };
  const std::string chain = "chain:\n  - { name: client, " + client + " }\n" +
                            braced("  - link", also.link) + "  - { name: server, " + server +
                            " }\n" + braced("requests", also.requests);
  return {name, about, [name, chain, needs = also.needs] {
            const deployment::LoadedChain loaded =
                deployment::parse_chain(chain, std::string(name));
            if (!loaded.chain) throw std::logic_error(loaded.error.text());
            return deployment::hop_system(
                with_needs(deployment::hop_settings(*loaded.chain, 0), needs));
          }};
}

/// Two nodes of the bare standard on which, in time, no race happens but for what is said of them
/// here. Requests have no content, unless `also` says so.
NamedSystem safe_hop(std::string_view name, std::string_view about, const std::string& client,
                     const std::string& server, Also also = {}) {
  const auto node = [](const char* role, const std::string& settings, const std::string& more) {
    return std::string("profile: rfc9112, ") + role + ": { " + settings +
           (more.empty() ? "" : ", ") + more + " }";
  };
  if (also.requests.empty()) also.requests = "with_body: false";
  return hop(name, about, node("upstream", "idle_timeout: 10s, pipelining: false", client),
             node("downstream", "idle_timeout: 60s", server), also);
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
          "profile: aws-alb", "profile: nginx", {.needs = Needs::shutdown}),
      hop("hop/shutdown-bare", "a server that may shut down; requests have no content",
          "profile: rfc9112, upstream: { pipelining: false }",
          "profile: rfc9112, downstream: { idle_timeout: 60s }",
          {.needs = Needs::shutdown, .requests = "with_body: false"}),
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
      // Each with one that differs in a setting only, and excludes what happens in the other.
      safe_hop("hop/unannounced", "a server that closes behind each response and does not say so",
               {}, "unannounced_close: after-response", {.needs = Needs::waiting}),
      safe_hop("hop/unannounced-later", "the same, and a request that waited looks once more",
               "attach: next-loop", "unannounced_close: after-response", {.needs = Needs::waiting}),
      safe_hop("hop/waiting", "the same, and the server keeps its connections", {}, {},
               {.needs = Needs::waiting}),
      safe_hop("hop/ignores-close", "a client that goes on although the server says that it closes",
               "honours_close: false", "max_requests: 100"),
      safe_hop("hop/honours-close", "the same, and the client stops", {}, "max_requests: 100"),
      hop("hop/unread-pool", "hop/rfc9112, and the pool does not read its connections",
          "profile: rfc9112, upstream: { idle_timeout: 60s, pipelining: false, reuse_check: none }",
          "profile: rfc9112, downstream: { idle_timeout: 60s }"),
      hop("hop/reads-response", "hop/rfc9112, and the client reads on behind a failed write",
          "profile: rfc9112, upstream: { idle_timeout: 60s, pipelining: false, "
          "write_error: reads-response }",
          "profile: rfc9112, downstream: { idle_timeout: 60s }"),
      hop("hop/never-idle", "hop/rfc9112, and the server closes no connection for being idle",
          "profile: rfc9112, upstream: { idle_timeout: 60s, pipelining: false }",
          "profile: rfc9112, downstream: { idle_timeout: off }"),
      hop("hop/armed-early", "an idle timer that runs while a slow link opens the connection",
          "profile: rfc9112, upstream: { idle_timeout: 3s, pipelining: false, "
          "idle_timer_starts: connection-start }",
          "profile: rfc9112", {.link = "delay: 0.1s..2s", .requests = "with_body: false"}),
      hop("hop/armed-late", "the same, and the timer starts behind the response",
          "profile: rfc9112, upstream: { idle_timeout: 3s, pipelining: false }", "profile: rfc9112",
          {.link = "delay: 0.1s..2s", .requests = "with_body: false"}),
      safe_hop("hop/expects",
               "a client that omits content no 100 asked for, a server that keeps on",
               "expect_continue: true, omit_content: true", "early_response: drain",
               {.requests = "with_body: true"}),
      safe_hop("hop/expects-asked", "the same, and the server asks for the content at once",
               "expect_continue: true, omit_content: true",
               "early_response: drain, on_expectation: at-once", {.requests = "with_body: true"}),
      safe_hop("hop/half-close-aborted", "a client that half-closes, a server that gives up then",
               "half_close: true", "half_closed_client: abort"),
      safe_hop("hop/half-close-served", "the same, and the server answers", "half_close: true", {}),
      safe_hop("hop/close-delimited", "responses without length; the server may crash", {},
               "framing: close-delimited", {.needs = Needs::crash}),
      safe_hop("hop/crash", "responses with length; the server may crash", {}, {},
               {.needs = Needs::crash}),
      safe_hop("hop/waits-for-close", "a client that waits for the end of a server that waits too",
               "reads_while_sending: true, waits_for_close: true",
               "close_style: delayed, close_timeout: 1s", {.requests = "with_body: true"}),
      safe_hop("hop/closes-itself", "the same, and the client closes", "reads_while_sending: true",
               "close_style: delayed, close_timeout: 1s", {.requests = "with_body: true"}),
      safe_hop("hop/removed-kept", "a client that keeps connections to a server that was removed",
               "on_removal: keep", {}, {.needs = Needs::removal}),
      safe_hop("hop/removed-closed", "the same, and the client closes them", "on_removal: close",
               {}, {.needs = Needs::removal}),
      safe_hop("hop/forgotten", "a middlebox that forgets a connection before the client does", {},
               {}, {.link = "delay: 1ms, middlebox_timeout: 5s"}),
      safe_hop("hop/probed", "the same, and the client probes the connection", "tcp_keepalive: 1s",
               {}, {.link = "delay: 1ms, middlebox_timeout: 5s"}),
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
