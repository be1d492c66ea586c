// The access log of `halfclose serve`: one line a request, in the order in which they are over.
#pragma once

#include "runtime/core/proxy.hpp"

#include <cstdio>
#include <mutex>
#include <string>

namespace halfclose::cli {

class AccessLog final : public runtime::Observer {
 public:
  /// @param path  a file that is appended to, or - for standard output
  explicit AccessLog(std::string path) : path_(std::move(path)) {}
  ~AccessLog() override;
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  /// Once more: a file that was moved away is left, and what could not be written is tried again.
  /// @return false with errno: what was open stays open
  bool open();

  void over(const runtime::RequestRecord& record) override;
  void rest() override;

 private:
  void close();

  std::string path_;
  std::FILE* file_ = nullptr;
  std::mutex mutex_;
  bool dirty_ = false;
  bool broken_ = false;  ///< said once: requests are worth more than their lines
};

}  // namespace halfclose::cli
