#include "proofs/explore/lane_orbits.hpp"

namespace halfclose::proofs {

using system::Index;

LaneOrbits::LaneOrbits(const system::System& system, LaneMemo& memo,
                       std::vector<Automorphism> group)
    : system_(system), memo_(memo), lanes_(memo.lanes()), group_(std::move(group)) {
  for (const Automorphism& element : group_) {
    std::vector<std::uint8_t> from(lanes_);
    for (std::size_t l = 0; l < lanes_; ++l) {
      from[element.lanes[l]] = static_cast<std::uint8_t>(l);
      // Lanes that trade places have the same values (Verification::walk); the others may change.
      maps_.emplace_back().moves = element.lanes[l] == l;
    }
    from_.push_back(std::move(from));
  }
}

void LaneOrbits::canonical(std::array<ValueId, kLanesMax>& values) {
  const std::array<ValueId, kLanesMax> original = values;
  std::array<ValueId, kLanesMax> images;
  for (std::size_t element = 0; element < group_.size(); ++element) {
    int order = 0;  // of the image against the best so far
    for (std::size_t l = 0; l < lanes_ && order <= 0; ++l) {
      const std::size_t from = from_[element][l];
      images[l] = image(element, from, original[from]);
      if (order == 0) order = memo_.compare(l, images[l], values[l]);
    }
    if (order >= 0) continue;
    for (std::size_t l = 0; l < lanes_; ++l)
      values[l] = images[l];
  }
}

ValueId LaneOrbits::compute(std::size_t element, std::size_t lane, ValueId id) {
  const std::lock_guard lock(mutex_);
  const Automorphism& by = group_[element];
  system::State state = system_.initial(), image = state;
  memo_.unpack(lane, id, state);
  memo_.unpack(lane, id, image);
  for (Index c = 0; c < system_.components.size(); ++c) {
    if (system_.components[c].lane != lane) continue;
    system_.set_local(image, by.components[c], by.locals[c][system_.local(state, c)]);
  }
  const ValueId number = memo_.number(lane, image);
  Map& map = maps_[element * lanes_ + lane];
  map.images.reach(id);
  map.images[id].store(number, std::memory_order_release);
  return number;
}

}  // namespace halfclose::proofs
