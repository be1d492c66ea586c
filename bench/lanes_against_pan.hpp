// The lane explorer beside Spin's pan, on a chain that is exported to Promela.
#pragma once

namespace halfclose::bench {

/// A client, a proxy and its two connections to an origin, as whole hops: first counted by the lane
/// explorer and by pan, which must agree; then bytes, reductions and threads.
///
/// @param repetitions  rounds of ours around the runs of pan, which take minutes
/// @return             exit status: 0, or 4 when the counts differ or a program failed
int lanes_against_pan(int repetitions);

}  // namespace halfclose::bench
