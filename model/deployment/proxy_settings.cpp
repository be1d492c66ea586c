#include "model/deployment/proxy_settings.hpp"

#include <algorithm>

namespace halfclose::deployment {

namespace {

bool lists(const Role& role, std::string_view key, std::string_view word) {
  const auto& words = role.at(key).words;
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool is_idempotent(std::string_view method) {
  for (const std::string_view one : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
    if (method == one) return true;
  }
  return false;
}

bool may_have_content(std::string_view method) {
  for (const std::string_view one : {"GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"}) {
    if (method == one) return false;
  }
  return true;
}

ProxySettings proxy_settings(const Chain& chain, std::size_t index, std::string_view method,
                             bool content) {
  const Role& role = *chain.nodes[index].client;
  auto on = [&](std::string_view failure) { return lists(role, "retry.on", failure); };
  ProxySettings settings;
  settings.upstream = hop_settings(chain, index);
  const bool any_method = lists(role, "retry.methods", "all");
  settings.exchange = {
      .on_connect_failure = on("connect-failure"),
      .on_reset = on("reset"),
      .on_empty_response = on("empty-response"),
      .on_timeout = on("response-timeout"),
      .on_unwritten = on("unwritten"),
      .method = any_method || lists(role, "retry.methods", method),
      .only_reused = role.flag("retry.only_reused"),
      .fresh_connection = role.flag("retry.fresh_connection"),
      .reused_is_free = role.flag("retry.reused_is_free"),
      .tries = static_cast<std::uint8_t>(
          std::min<std::int64_t>(role.at("retry.tries").count, kTriesMax)),
      .buffers_request = role.flag("request_buffering"),
      .keeps_content = role.flag("retry.keeps_content"),
      .fails_silently = role.is("on_failure", "close"),
  };
  settings.pool = {.fifo = role.is("pool_order", "fifo"),
                   .next_loop = role.is("attach", "next-loop")};
  settings.content = content;
  settings.attempts_claimed = settings.exchange.tries + 1;
  return settings;
}

}  // namespace halfclose::deployment
