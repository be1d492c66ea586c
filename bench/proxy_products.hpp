// The proxies that are compared, each with one process and one thread, tuned as its experts would.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace halfclose::bench {

/// A proxy in one configuration.
struct Product {
  std::string name;
  std::string family;  ///< `nginx`, `haproxy`: configurations of one product
  std::string program, package;
  std::vector<std::string> arguments{};
  std::string configuration{};  ///< a file where it runs; {port} and {origin} in it and in the
                                ///< arguments stand for the ports
};

/// Two configurations of nginx and two of HAProxy: plain, and with what helps larger messages (T).
std::vector<Product> baselines();
/// `halfclose serve` of the program `program`, with more arguments.
Product halfclose_serve(const std::string& name, const std::filesystem::path& program,
                        const std::vector<std::string>& arguments);
/// Its program; empty when it is not installed.
std::string path_of(const Product& product);

/// The command that runs it, with its configuration written into `directory`.
/// @errors std::runtime_error when the file cannot be written
std::vector<std::string> command_of(const Product& product, const std::filesystem::path& directory,
                                    std::uint16_t port, std::uint16_t origin_port);

}  // namespace halfclose::bench
