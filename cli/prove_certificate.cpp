#include "cli/prove_certificate.hpp"

#include "cli/command.hpp"
#include "cli/replace_file.hpp"
#include "proofs/certificate/certificate.hpp"
#include "proofs/explore/explorer.hpp"

namespace halfclose::cli {

using proofs::Finding;
using proofs::Manifest;
using proofs::ManifestRow;
using proofs::RowProof;

namespace {

/// A certificate says that outputs are never emitted, and nothing about time.
bool can_be_certified(const ManifestRow& row) {
  return (row.kind->word == "always" || row.kind->word == "never") &&
         !proofs::is_in_time(row.object);
}

}  // namespace

std::string wrong_for_certificate(const std::vector<const ManifestRow*>& rows) {
  const ManifestRow* first = nullptr;
  for (const ManifestRow* row : rows) {
    if (!can_be_certified(*row)) continue;
    if (first == nullptr) first = row;
    if (row->system != first->system) {
      return "error: a certificate is of one system, and the claims are of `" + first->system +
             "` and `" + row->system + "`\n  help: select by --only 'on " + first->system + "'";
    }
  }
  if (first != nullptr) return {};
  return "error: a certificate is of `always` and `never` without time, and no such claim is "
         "selected\n  help: select by --only 'always * on hop/plain', for instance";
}

Certified write_certificate_file(const Manifest& manifest, const std::vector<RowProof>& proofs,
                                 const proofs::Limits& limits, const std::string& path) {
  Certified result;
  std::uint64_t bad = 0;
  const system::System* system = nullptr;
  std::string title;
  const auto failed = [&](int status, const std::string& message) {
    refuse(message + "; nothing was written to " + path);
    result.status = status;
    return result;
  };
  const auto undecided = [&](const std::string& limit) {
    return failed(kUndecided, "undecided: limit of " + limit + ", at the certificate");
  };
  for (const RowProof& proof : proofs) {
    if (!can_be_certified(*proof.row)) continue;
    if (proof.found.finding == Finding::undecided) return undecided(proof.found.limit);
    if (proof.found.finding != Finding::holds) continue;
    system = &manifest.systems.find(proof.row->system)->second;
    bad |= proofs::outputs_named(*system, proof.row->object);
    title += (title.empty() ? proof.row->system + ": " : ", ") + proof.row->property;
    result.properties.push_back(proof.row->property);
  }
  if (system == nullptr)
    return failed(kHappens, "error: none of the claims that a certificate can be of holds");

  proofs::StateSet states(system->bytes());
  const proofs::Exploration explored =
      proofs::explore(*system, {.stop_when_found = false, .limits = limits}, &states);
  if (!explored.complete) return undecided(explored.limit);
  result.states = states.size();
  const std::string error = replace_file(path, [&](std::ostream& out) {
    proofs::write_certificate(*system, states, {title, bad}, out);
  });
  if (!error.empty()) return failed(kUsage, path + ": error: " + error);
  return result;
}

}  // namespace halfclose::cli
