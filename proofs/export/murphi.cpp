#include "proofs/export/murphi.hpp"
namespace halfclose::proofs {
std::string murphi(const system::System&, const ExportOptions&) { return ""; }
}
