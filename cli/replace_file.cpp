#include "cli/replace_file.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace halfclose::cli {

namespace {

/// A file that is gone when this is, unless it was put in its place.
class Beside {
 public:
  explicit Beside(const std::string& path) : path_(path + ".new") {}
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;
  ~Beside() {
    if (opened_) std::remove(path_.c_str());
  }

  bool write(const std::function<void(std::ostream&)>& writer) {
    std::ofstream file(path_, std::ios::binary | std::ios::trunc);
    opened_ = file.is_open();
    if (!opened_) return false;
    writer(file);
    file.close();
    return file.good();
  }
  bool rename_to(const std::string& path) {
    if (std::rename(path_.c_str(), path.c_str()) != 0) return false;
    opened_ = false;
    return true;
  }

 private:
  std::string path_;
  bool opened_ = false;
};

}  // namespace

std::string replace_file(const std::string& path, const std::function<void(std::ostream&)>& write) {
  std::error_code failed;
  const std::filesystem::file_status status = std::filesystem::status(path, failed);
  // A device would be replaced by a file.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    return "is no file";
  // What a link points to is written, and may be read by those who could read it before.
  const bool exists = std::filesystem::exists(status);
  const std::string target = exists ? std::filesystem::canonical(path, failed).string() : path;
  Beside beside(target);
  if (!beside.write(write)) return "cannot be written";
  if (exists) std::filesystem::permissions(target + ".new", status.permissions(), failed);
  return beside.rename_to(target) ? "" : "cannot be written";
}

}  // namespace halfclose::cli
