#include "proofs/manifest/manifest.hpp"

#include "model/deployment/role.hpp"
#include "proofs/catalogue/product_hops.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <set>
#include <sstream>

namespace halfclose::proofs {

namespace {

using deployment::InputError;

constexpr std::array<std::string_view, 6> kColumns = {"property", "system",      "verdict",
                                                      "states",   "transitions", "depth"};
constexpr std::string_view kHeader = "property,system,verdict,states,transitions,depth";

/// One value of a line, and where it begins (columns count from 1).
struct Field {
  std::string_view text;
  int column = 1;
};

std::vector<Field> fields_of(std::string_view line) {
  std::vector<Field> fields;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t comma = line.find(',', begin);
    fields.push_back({line.substr(begin, comma == std::string_view::npos ? comma : comma - begin),
                      static_cast<int>(begin) + 1});
    if (comma == std::string_view::npos) return fields;
    begin = comma + 1;
  }
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& names,
                         std::string_view those) {
  const std::string near = deployment::nearest(wrong, names);
  if (!near.empty()) return "did you mean `" + near + "`?";
  std::string all;
  for (const std::string_view name : names)
    all += " `" + std::string(name) + "`";
  return std::string(those) + " are" + all;
}

class Parser {
 public:
  explicit Parser(const std::string& file) { manifest_.file = file; }

  LoadedManifest run(std::string_view text) {
    split(text);
    for (line_ = 0; line_ < manifest_.lines.size() && error_.rule.empty(); ++line_) {
      std::string_view line = manifest_.lines[line_];
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty() || line.starts_with('#')) continue;
      if (!headed_) {
        read_header(line);
      } else {
        read_row(line);
      }
    }
    if (error_.rule.empty() && manifest_.rows.empty()) {
      line_ = 0;
      fail(0, "a manifest has at least one claim",
           "its first line is `" + std::string(kHeader) + "`, then one claim a line");
      error_.line = 0;
    }
    if (!error_.rule.empty()) return {{}, error_};
    return {std::move(manifest_), {}};
  }

 private:
  void split(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      manifest_.lines.emplace_back(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  }

  void fail(int column, std::string rule, std::string help) {
    error_ = {manifest_.file, static_cast<int>(line_) + 1, column, std::move(rule),
              std::move(help)};
  }

  void read_header(std::string_view line) {
    headed_ = true;
    if (line != kHeader)
      fail(1, "the first line names the columns", "write `" + std::string(kHeader) + "`");
  }

  void read_row(std::string_view line) {
    const std::vector<Field> fields = fields_of(line);
    if (fields.size() != kColumns.size()) {
      const Field& last = fields[std::min(fields.size(), kColumns.size() + 1) - 1];
      return fail(last.column,
                  "a claim has " + std::to_string(kColumns.size()) + " values, this one has " +
                      std::to_string(fields.size()),
                  "they are `" + std::string(kHeader) + "`");
    }
    ManifestRow row{.property = std::string(fields[0].text),
                    .system = std::string(fields[1].text),
                    .line = line_};
    read_finding(fields[2], row.expected);
    row.expected.states = read_number(fields[3], kColumns[3]);
    row.expected.transitions = read_number(fields[4], kColumns[4]);
    row.expected.depth = static_cast<std::uint32_t>(read_number(fields[5], kColumns[5], 32));
    const system::System* system = read_system(fields[1]);
    if (system == nullptr) return;
    read_property(fields[0], *system, row);
    if (!error_.rule.empty()) return;
    if (!seen_.insert({row.property, row.system}).second) {
      return fail(1, "`" + row.property + "` is claimed of `" + row.system + "` twice",
                  "keep one of the lines");
    }
    manifest_.rows.push_back(std::move(row));
  }

  void read_finding(const Field& field, Evidence& expected) {
    if (field.text == finding_name(Finding::holds)) {
      expected.finding = Finding::holds;
    } else if (field.text == finding_name(Finding::broken)) {
      expected.finding = Finding::broken;
    } else {
      fail(field.column, "a verdict is `holds` or `broken`, not `" + std::string(field.text) + "`",
           "a claim whose verdict is not known does not belong here");
    }
  }

  std::uint64_t read_number(const Field& field, std::string_view name, int bits = 64) {
    std::uint64_t number = 0;
    const char* end = field.text.data() + field.text.size();
    const auto [rest, problem] = std::from_chars(field.text.data(), end, number);
    const bool fits = bits == 64 || number >> bits == 0;
    if (problem != std::errc{} || rest != end || field.text.empty() || !fits) {
      fail(field.column,
           std::string(name) + " is a whole number, not `" + std::string(field.text) + "`",
           "`halfclose prove --update --manifest FILE` computes it");
    }
    return number;
  }

  const system::System* read_system(const Field& field) {
    const auto made = manifest_.systems.find(field.text);
    if (made != manifest_.systems.end()) return &made->second;
    const NamedSystem* named = find_provable_system(field.text);
    if (named == nullptr) {
      std::vector<std::string_view> names;
      for (const NamedSystem* one : provable_systems())
        names.push_back(one->name);
      fail(field.column, "there is no system `" + std::string(field.text) + "`",
           did_you_mean(field.text, names, "the systems"));
      return nullptr;
    }
    return &manifest_.systems.emplace(std::string(named->name), named->make()).first->second;
  }

  void read_property(const Field& field, const system::System& system, ManifestRow& row) {
    const std::size_t blank = field.text.find(' ');
    const std::string_view word = field.text.substr(0, blank);
    row.kind = find_claim_kind(word);
    if (row.kind == nullptr) {
      std::vector<std::string_view> words;
      for (const ClaimKind& kind : claim_kinds())
        words.push_back(kind.word);
      return fail(field.column, "there is no claim `" + std::string(word) + " ...`",
                  did_you_mean(word, words, "the kinds of claim"));
    }
    const std::string_view object =
        blank == std::string_view::npos ? std::string_view{} : field.text.substr(blank + 1);
    row.object = std::string(object);
    std::string rule = row.kind->wrong_with(system, object);
    if (rule.empty()) return;
    fail(field.column + static_cast<int>(std::min(blank, field.text.size() - 1)) + 1,
         std::move(rule),
         "the claim reads `" + std::string(word) + " " + std::string(row.kind->object) + "`");
  }

  Manifest manifest_;
  InputError error_;
  std::size_t line_ = 0;
  bool headed_ = false;
  std::set<std::pair<std::string, std::string>> seen_;
};

}  // namespace

std::string Manifest::text() const {
  std::vector<std::string> now = lines;
  for (const ManifestRow& row : rows) {
    now[row.line] =
        row.property + "," + row.system + "," + std::string(finding_name(row.expected.finding)) +
        "," + std::to_string(row.expected.states) + "," + std::to_string(row.expected.transitions) +
        "," + std::to_string(row.expected.depth);
  }
  std::string text;
  for (const std::string& line : now)
    text += line + "\n";
  return text;
}

LoadedManifest parse_manifest(std::string_view text, const std::string& file) {
  return Parser(file).run(text);
}

LoadedManifest load_manifest(const std::string& path) {
  auto failed = [&](std::string rule, std::string help) {
    return LoadedManifest{{}, {path, 0, 0, std::move(rule), std::move(help)}};
  };
  std::ifstream file(path, std::ios::binary);
  std::string text(kManifestBytesMax + 1, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && !file.eof())
    return failed("no such file, or not readable", "name a manifest, or leave --manifest out");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kManifestBytesMax) {
    return failed("a manifest has at most " + std::to_string(kManifestBytesMax) + " bytes",
                  "is this a manifest?");
  }
  return parse_manifest(text, path);
}

bool selects(std::string_view pattern, const ManifestRow& row) {
  const std::string text = row.property + " on " + row.system;
  // The pieces between stars, each found behind the one before: the leftmost place is as good as
  // any.
  std::size_t from = 0;
  for (;;) {
    const std::size_t star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    const std::size_t at = text.find(piece, from);
    if (at == std::string::npos) return false;
    if (star == std::string_view::npos) return true;
    from = at + piece.size();
    pattern.remove_prefix(star + 1);
  }
}

std::vector<RowProof> prove(const Manifest& manifest, const std::vector<const ManifestRow*>& rows,
                            const Search& search,
                            const std::function<void(const RowProof&)>& proved) {
  std::map<std::string_view, Subject> subjects;
  std::vector<RowProof> proofs;
  for (const ManifestRow* row : rows) {
    const auto start = std::chrono::steady_clock::now();
    Subject& subject =
        subjects.try_emplace(row->system, manifest.systems.find(row->system)->second, search)
            .first->second;
    RowProof proof{.row = row, .found = row->kind->prove(subject, row->object)};
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    proof.seconds = elapsed.count();
    if (proved) proved(proof);
    proofs.push_back(std::move(proof));
  }
  return proofs;
}

}  // namespace halfclose::proofs
