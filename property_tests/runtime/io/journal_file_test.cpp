// A journal on disk (runtime/io/journal_file.hpp).
#include "runtime/io/journal_file.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

using namespace halfclose::runtime;

namespace {

using Catch::Contains;

struct TemporaryFile {
  TemporaryFile() {
    std::string name = (std::filesystem::temp_directory_path() / "journal-XXXXXX").string();
    close(mkstemp(name.data()));
    path = name;
  }
  ~TemporaryFile() { std::filesystem::remove(path); }
  std::string path;
};

std::string refusal(const std::string& path) {
  try {
    const JournalReader reader(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

JournalEntry step(std::uint32_t number) {
  return {number, Noted::server, 1, 2};
}

}  // namespace

TEST_CASE("journal file: what was noted is read again", "[runtime]") {
  const TemporaryFile file;
  JournalFile journal(file.path, 1 << 30);
  auto first = journal.loop("first"), second = journal.loop("second");
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    first->put(step(i));
    if (i % 3 == 0) second->put(step(i + 1));
  }
  // While it is written, as when the process is killed.
  const JournalReader reader(file.path);
  REQUIRE(reader.loops().size() == 2);
  CHECK(reader.loops()[0].settings == "first");
  CHECK(reader.loops()[1].settings == "second");
  std::uint32_t next = 0;
  for (const auto& chunk : reader.loops()[0].chunks) {
    for (const JournalEntry& entry : chunk)
      REQUIRE(entry == step(next++));
  }
  CHECK(next == 100'000);
  next = 0;
  for (const auto& chunk : reader.loops()[1].chunks) {
    for (const JournalEntry& entry : chunk)
      REQUIRE(entry == step(3 * next++ + 1));
  }
  CHECK(next == 33'334);
}

TEST_CASE("journal file: its limit", "[runtime]") {
  const TemporaryFile file;
  JournalFile journal(file.path, 3 * kChunkBytes);
  auto loop = journal.loop("");
  for (std::uint32_t i = 0; i < 200'000; ++i)
    loop->put(step(i));
  CHECK(journal.fault() == "it has reached its limit");
  CHECK(std::filesystem::file_size(file.path) <= 3 * kChunkBytes);
  const JournalReader reader(file.path);
  REQUIRE(reader.loops().size() == 1);
  CHECK(reader.loops()[0].chunks.size() == 1);
}

TEST_CASE("journal file: what is none is refused", "[runtime]") {
  const TemporaryFile file;
  CHECK_THAT(refusal(file.path), Contains("not a journal"));
  CHECK_THAT(refusal("/"), Contains("not a journal"));
  CHECK_THAT(refusal(file.path + "-absent"), Contains("No such file"));
  {
    JournalFile journal(file.path, 1 << 30);
    journal.loop("x")->put(step(1));
  }
  CHECK(refusal(file.path) == "");
  std::filesystem::resize_file(file.path, std::filesystem::file_size(file.path) - 1);
  CHECK_THAT(refusal(file.path), Contains("cut short"));
  {
    JournalFile journal(file.path, 1 << 30);
    journal.loop("x")->put(step(1));
  }
  std::fstream(file.path, std::ios::in | std::ios::out | std::ios::binary)
      .seekp(4096)
      .write("\7\7", 2);
  CHECK_THAT(refusal(file.path), Contains("byte 4096: this is no chunk"));
  CHECK_THROWS_AS(JournalFile("/nowhere/at/all", 1 << 20), std::system_error);
  JournalFile journal(file.path, 1 << 30);
  CHECK_THROWS_AS(journal.loop(std::string(kChunkBytes, 'x')), std::length_error);
}
