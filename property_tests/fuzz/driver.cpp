// Runs a fuzz target without libFuzzer: the kept corpus, then a number of mutations of it, the same
// every time.
//
// usage: NAME_fuzz CORPUS MUTATIONS
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::uint32_t kSeed = 20261123;
constexpr std::size_t kBytesMax = 4096;

std::string last_input;

/// The input that broke a claim is what one wants to keep.
extern "C" void tell_last_input(int) {
  std::ofstream("fuzz_violation.bin", std::ios::binary) << last_input;
  std::fputs("help: the input is in fuzz_violation.bin\n", stderr);
  std::_Exit(1);
}

void run(const std::string& input) {
  last_input = input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::string mutated(const std::vector<std::string>& corpus, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  std::string input = corpus[below(corpus.size())];
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    const std::size_t at = below(input.size() + 1);
    switch (below(5)) {
      case 0:
        input.insert(at, 1, static_cast<char>(random()));
        break;
      case 1:
        input.erase(at, below(8));
        break;
      case 2:
        if (at < input.size()) input[at] = static_cast<char>(random());
        break;
      case 3:
        input.insert(at, input.substr(below(input.size() + 1), below(64)));
        break;
      default: {
        const std::string& other = corpus[below(corpus.size())];
        input = input.substr(0, at) + other.substr(below(other.size() + 1));
      }
    }
  }
  input.resize(std::min(input.size(), kBytesMax));
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t mutations = 0;
  if (argc != 3 ||
      std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), mutations).ec != std::errc()) {
    std::fputs("usage: NAME_fuzz CORPUS MUTATIONS\n", stderr);
    return 2;
  }
  std::error_code error;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1], error))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "error: there is no corpus in `%s`\n", argv[1]);
    return 2;
  }
  std::signal(SIGABRT, tell_last_input);
  for (const std::string& input : corpus)
    run(input);
  std::mt19937 random(kSeed);
  for (std::size_t i = 0; i < mutations; ++i)
    run(mutated(corpus, random));
  std::printf("%zu inputs of the corpus and %zu mutations: no claim is violated\n", corpus.size(),
              mutations);
}
