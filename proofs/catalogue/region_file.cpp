#include "proofs/catalogue/region_file.hpp"

#include <elf.h>
#include <link.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

namespace halfclose::proofs {

namespace {

using Json = nlohmann::json;

/// The linker's hash of this program: it changes with every table. Empty when there is none.
std::string build_id() {
  static const std::string id = [] {
    std::string text;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* result) {
          for (int i = 0; i < info->dlpi_phnum; ++i) {
            const ElfW(Phdr)& header = info->dlpi_phdr[i];
            if (header.p_type != PT_NOTE) continue;
            const char* note = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
            const char* end = note + header.p_memsz;
            while (note + sizeof(ElfW(Nhdr)) <= end) {
              ElfW(Nhdr) head;
              std::memcpy(&head, note, sizeof head);
              const char* name = note + sizeof head;
              const char* bytes = name + (head.n_namesz + 3u) / 4 * 4;
              if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
                  std::memcmp(name, "GNU", 4) == 0) {
                for (unsigned k = 0; k < head.n_descsz; ++k) {
                  char hex[3];
                  std::snprintf(hex, sizeof hex, "%02x", static_cast<unsigned char>(bytes[k]));
                  *static_cast<std::string*>(result) += hex;
                }
                return 1;
              }
              note = bytes + (head.n_descsz + 3u) / 4 * 4;
            }
          }
          return 1;  // the first object is the program
        },
        &text);
    return text;
  }();
  return id;
}

/// FNV-1a; the whole key stands in the file.
std::string path_of(const std::string& directory, const std::string& key) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : key)
    hash = (hash ^ c) * 0x100000001b3;
  char name[32];
  std::snprintf(name, sizeof name, "%016llx.json", static_cast<unsigned long long>(hash));
  return directory + "/regions/" + build_id() + "/" + name;
}

Json to_json(const Region& region) {
  Json cells = Json::array();
  for (const Cell& cell : region.cells) {
    Json inequalities = Json::array();
    for (const Inequality& one : cell)
      inequalities.push_back({one.value.coefficients, one.value.constant, one.strict});
    cells.push_back(std::move(inequalities));
  }
  return cells;
}

Cell cell_of(const Json& json, std::size_t parameters) {
  Cell cell;
  for (const Json& one : json) {
    Inequality inequality;
    one.at(0).get_to(inequality.value.coefficients);
    one.at(1).get_to(inequality.value.constant);
    one.at(2).get_to(inequality.strict);
    if (inequality.value.coefficients.size() != parameters)
      throw std::length_error("a coefficient for each parameter");
    cell.push_back(std::move(inequality));
  }
  return cell;
}

Region region_from(const Json& json, std::size_t parameters) {
  Region region{.parameters = parameters, .cells = {}};
  for (const Json& cell : json)
    region.cells.push_back(cell_of(cell, parameters));
  return region;
}

}  // namespace

bool read_region(const std::string& directory, const std::string& key, HopRegion& region) {
  if (build_id().empty()) return false;
  std::ifstream file(path_of(directory, key), std::ios::binary);
  if (!file) return false;
  const std::size_t parameters = region.parameters.size();
  try {
    const Json json = Json::parse(file);
    if (json.at("key") != key || json.at("program") != build_id()) return false;
    HopRegion read = region;
    read.possible = json.at("possible");
    read.exact = true;
    read.domain = cell_of(json.at("domain"), parameters);
    read.racy = region_from(json.at("racy"), parameters);
    read.safe = region_from(json.at("safe"), parameters);
    json.at("fixed").get_to(read.fixed);
    json.at("polyhedra").get_to(read.polyhedra);
    region = std::move(read);
    return true;
  } catch (const std::exception&) {
    return false;  // cut short, or not ours
  }
}

void write_region(const std::string& directory, const std::string& key, const HopRegion& region) {
  if (build_id().empty()) return;
  const std::string path = path_of(directory, key);
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
  if (failed) return;
  const std::string beside = path + "." + std::to_string(getpid());
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    Json domain = to_json(Region{.parameters = 0, .cells = {region.domain}})[0];
    file << Json{{"key", key},
                 {"program", build_id()},
                 {"possible", region.possible},
                 {"domain", std::move(domain)},
                 {"racy", to_json(region.racy)},
                 {"safe", to_json(region.safe)},
                 {"fixed", region.fixed},
                 {"polyhedra", region.polyhedra}};
    file.close();
    if (!file) {
      std::filesystem::remove(beside, failed);
      return;
    }
  }
  std::filesystem::rename(beside, path, failed);
}

}  // namespace halfclose::proofs
