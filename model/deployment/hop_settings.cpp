#include "model/deployment/hop_settings.hpp"

#include "model/deployment/chain.hpp"

namespace halfclose::deployment {

namespace {

Loop loop_of(const Role& role) {
  return {.stall = role.duration("loop_stall"),
          .timers_first = role.is("loop_order", "timers-first"),
          .cached_clock = role.is("timer_clock", "cached")};
}

http1::server::CloseStyle close_style(const Role& role) {
  using enum http1::server::CloseStyle;
  if (role.is("close_style", "delayed")) return delayed;
  if (role.is("close_style", "half-close-drain")) return half_close_drain;
  if (role.is("close_style", "half-close-wait")) return half_close_wait;
  if (role.is("close_style", "drain-then-fin")) return drain_then_fin;
  return plain;
}

http1::server::AgeClose age_close(const Role& role) {
  using enum http1::server::AgeClose;
  if (role.is("max_age_close", "announced")) return announced;
  return role.is("max_age_close", "drain-then-close") ? drain_then_close : plain;
}

http1::server::OnExpectation on_expectation(const Role& role) {
  using enum http1::server::OnExpectation;
  if (role.is("on_expectation", "at-once")) return at_once;
  return role.is("on_expectation", "close") ? close : when_read;
}

ServerSide server_side(const std::string& name, const Role& role) {
  ServerSide server{.name = name};
  server.profile = {.close_style = close_style(role),
                    .age_close = age_close(role),
                    .early_closes = role.is("early_response", "close"),
                    .idle_drains = role.is("idle_close", "drain-then-close"),
                    .idle_408 = role.flag("idle_408"),
                    .idle_starts_buffered = role.is("idle_timer_starts", "response-buffered"),
                    .shutdown_announced = role.is("shutdown_close", "announced"),
                    .reads_during_close = role.flag("reads_during_close"),
                    .aborts_half_closed = role.is("half_closed_client", "abort"),
                    .limits_requests = role.at("max_requests").count > 1,
                    .single_use = role.at("max_requests").count == 1,
                    .closes_unannounced = role.is("unannounced_close", "after-response"),
                    .close_delimited = role.is("framing", "close-delimited"),
                    .on_expectation = on_expectation(role)};
  server.idle = role.duration("idle_timeout");
  server.idle_grace = role.duration("idle_grace");
  server.idle_early = role.duration("idle_early");
  server.drain = role.duration("drain_timeout");
  server.close = role.duration("close_timeout");
  server.linger = role.duration("linger_time");
  server.age = role.duration("max_connection_duration");
  server.loop = loop_of(role);
  server.keepalive = role.duration("tcp_keepalive");
  return server;
}

ClientSide client_side(const std::string& name, const Role& role) {
  ClientSide client{.name = name};
  const std::int64_t requests = role.at("max_requests").count;
  client.profile = {.write_error_fatal = role.is("write_error", "fatal"),
                    .closes_when_early = role.is("on_early_response", "close"),
                    .peeks = role.is("reuse_check", "peek"),
                    .watches = !role.is("reuse_check", "none"),
                    .pipelines = role.flag("pipelining"),
                    .half_closes = role.flag("half_close"),
                    .reads_while_sending = role.flag("reads_while_sending"),
                    .limits_requests = requests > 1,
                    .single_use = requests == 1,
                    .attaches_later = role.is("attach", "next-loop"),
                    .honours_close = role.flag("honours_close"),
                    .idle_from_start = role.is("idle_timer_starts", "connection-start"),
                    .waits_for_close = role.flag("waits_for_close"),
                    .closes_on_removal = role.is("on_removal", "close"),
                    .expects_continue = role.flag("expect_continue"),
                    .ages_when_freed = role.is("max_age_check", "when-freed"),
                    .omits_content = role.flag("omit_content")};
  client.idle = role.duration("idle_timeout");
  client.age = role.duration("max_connection_duration");
  client.response = role.duration("response_timeout");
  client.response_is_idle = role.at("response_timeout").same_as == "idle_timeout";
  client.discards_on_rst = role.is("receive_queue_after_rst", "discarded");
  client.loop = loop_of(role);
  client.keepalive = role.duration("tcp_keepalive");
  client.expect = role.duration("expect_timeout");
  return client;
}

}  // namespace

Time uncertainty(const HopSettings& settings) {
  return settings.delay_max - settings.delay_min + settings.client.loop.stall +
         settings.server.loop.stall;
}

HopSettings hop_settings(const Chain& chain, std::size_t index) {
  const Node& client = chain.nodes[index];
  const Node& server = chain.nodes[index + 1];
  const Link& link = chain.links[index];
  return {.client = client_side(client.name, *client.client),
          .server = server_side(server.name, *server.server),
          .delay_min = link.delay_min,
          .delay_max = link.delay_max,
          .middlebox = link.middlebox,
          .with_body = chain.with_body,
          .responses_fit = chain.responses_fit,
          .content_within = chain.content_within};
}

}  // namespace halfclose::deployment
