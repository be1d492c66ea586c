#include "cli/access_log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>

namespace halfclose::cli {

AccessLog::~AccessLog() {
  close();
}

bool AccessLog::open() {
  std::FILE* file = path_ == "-" ? stdout : std::fopen(path_.c_str(), "ae");
  if (file == nullptr) return false;
  const std::lock_guard lock(mutex_);
  close();
  file_ = file;
  broken_ = false;
  return true;
}

void AccessLog::close() {
  if (file_ == nullptr) return;
  std::fflush(file_);
  if (file_ != stdout) std::fclose(file_);
}

void AccessLog::over(const runtime::RequestRecord& record) {
  char line[512];
  const auto cut = [](std::string_view text, std::size_t most) {
    return static_cast<int>(std::min(text.size(), most));
  };
  const auto said = [](std::string_view text) { return text.empty() ? "-" : text; };
  const std::string_view method = said(record.method), target = said(record.target),
                         failure = said(record.failure);
  const int size = std::snprintf(
      line, sizeof line, "%lld %.*s %.*s %u %llu %lldms %s retries=%u %.*s\n",
      static_cast<long long>(std::time(nullptr)), cut(method, 32), method.data(), cut(target, 300),
      target.data(), record.status, static_cast<unsigned long long>(record.sent),
      static_cast<long long>(record.ended - record.began), record.reused ? "reused" : "new",
      record.retries, cut(failure, 8), failure.data());
  const std::lock_guard lock(mutex_);
  if (broken_) return;
  dirty_ = true;
  std::fwrite(line, 1, std::min(sizeof line - 1, static_cast<std::size_t>(size)), file_);
}

void AccessLog::rest() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(dirty_, false) || (std::fflush(file_) == 0 && std::ferror(file_) == 0)) return;
  broken_ = true;
  std::fprintf(stderr,
               "error: the access log cannot be written: %s\n"
               "  help: requests are served without it; SIGHUP opens it again\n",
               std::strerror(errno));
  std::clearerr(file_);
}

}  // namespace halfclose::cli
