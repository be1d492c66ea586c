#include "bench/proxy_products.hpp"

#include "bench/process.hpp"

#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace halfclose::bench {

namespace {

// No limit on requests or idle time is met during a run: all connections stay open, as halfclose's
// do. The upstream pools are larger than the number of clients.
constexpr const char* kNginx = R"(
daemon off;
master_process off;
worker_rlimit_nofile 20000;
pid nginx.pid;
error_log error.log crit;
events {
  use epoll;
  worker_connections 16384;
  multi_accept on;
  accept_mutex off;
}
http {
  access_log off;
  server_tokens off;
  client_body_temp_path client_body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_timeout 900s;
  keepalive_requests 1000000000;
  client_header_timeout 900s;
  {tuned}
  upstream origin {
    server 127.0.0.1:{origin};
    keepalive 512;
    keepalive_requests 1000000000;
    keepalive_timeout 900s;
  }
  server {
    listen 127.0.0.1:{port} backlog=4096;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
)";
constexpr const char* kNginxTuned =
    "client_header_buffer_size 8k; proxy_buffer_size 32k; proxy_buffers 8 32k;";

constexpr const char* kHaproxy = R"(
global
  nbthread 1
  maxconn 9900
  tune.pool-high-fd-ratio 90
  tune.pool-low-fd-ratio 80
  {tuned}
defaults
  mode http
  maxconn 9900
  timeout connect 5s
  timeout client 900s
  timeout server 900s
  timeout http-keep-alive 900s
  timeout http-request 900s
  http-reuse always
frontend clients
  bind 127.0.0.1:{port} backlog 4096
  default_backend servers
backend servers
  server origin 127.0.0.1:{origin} pool-purge-delay 900s
)";
constexpr const char* kHaproxyTuned =
    "tune.bufsize 32768\n  expose-experimental-directives\n  tune.fd.edge-triggered on";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

}  // namespace

std::vector<Product> baselines() {
  std::vector<Product> all;
  for (const auto& [name, tuned] : {std::pair{"nginx512", ""}, {"nginxT", kNginxTuned}}) {
    all.push_back({.name = name,
                   .family = "nginx",
                   .program = "nginx",
                   .package = "nginx-light",
                   .arguments = {"-p", ".", "-c", "configuration", "-e", "error.log"},
                   .configuration = replaced(kNginx, "{tuned}", tuned)});
  }
  for (const auto& [name, tuned] : {std::pair{"haproxy", ""}, {"haproxyT", kHaproxyTuned}}) {
    all.push_back({.name = name,
                   .family = "haproxy",
                   .program = "haproxy",
                   .package = "haproxy",
                   .arguments = {"-db", "-f", "configuration"},
                   .configuration = replaced(kHaproxy, "{tuned}", tuned)});
  }
  return all;
}

Product halfclose_serve(const std::string& name, const std::filesystem::path& program,
                        const std::vector<std::string>& arguments) {
  Product product{
      .name = name,
      .family = name,
      .program = program.string(),
      .package = "",
      .arguments = {"serve", "--listen", "127.0.0.1:{port}", "--upstream", "127.0.0.1:{origin}"}};
  product.arguments.insert(product.arguments.end(), arguments.begin(), arguments.end());
  return product;
}

std::string path_of(const Product& product) {
  const auto runs = [](const std::string& path) { return access(path.c_str(), X_OK) == 0; };
  if (product.program.find('/') != std::string::npos)
    return runs(product.program) ? product.program : "";
  const char* path = std::getenv("PATH");
  // Where Debian puts daemons is not in everybody's PATH.
  std::istringstream directories((path == nullptr ? "" : path) + std::string(":/usr/sbin"));
  for (std::string directory; std::getline(directories, directory, ':');) {
    const std::string file = directory + "/" + product.program;
    if (runs(file)) return file;
  }
  return "";
}

std::vector<std::string> command_of(const Product& product, const std::filesystem::path& directory,
                                    std::uint16_t port, std::uint16_t origin_port) {
  const auto with_ports = [&](std::string text) {
    return replaced(replaced(std::move(text), "{port}", std::to_string(port)), "{origin}",
                    std::to_string(origin_port));
  };
  if (!product.configuration.empty())
    write_file(directory / "configuration", with_ports(product.configuration));
  std::vector<std::string> command{path_of(product)};
  for (const std::string& argument : product.arguments)
    command.push_back(with_ports(argument));
  return command;
}

}  // namespace halfclose::bench
